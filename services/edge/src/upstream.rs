//! The slices behind the edge.

use std::sync::Arc;

use anyhow::Context as _;
use orchard_client::{Resolve, Upstream};
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{common, unanswered};
use orchard_server::{MAX_MESSAGE_BYTES, ServeOptions};
use tonic::Status;
use tonic::transport::Uri;
use tonic_types::StatusExt as _;

use crate::patience::Patience;
use crate::{DOMAIN, NAME, Settings};

/// The packages whose public methods are routed, one for each slice.
pub(crate) const PACKAGES: [&str; 4] = ["orchard.family.v1", "orchard.social.v1", "orchard.recipe.v1", "orchard.consultation.v1"];

/// What gRPC puts before each message: a flag and a length.
const FRAME_HEADER: usize = 5;

/// A slice. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    pub(crate) upstream: Upstream,
    /// How long views wait for it.
    pub(crate) patience: Arc<Patience>,
}

impl Slice {
    /// Returns the slice's name, such as `family`.
    pub(crate) fn name(&self) -> &'static str {
        self.upstream.name()
    }
}

/// Each slice, as the edge calls it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Upstreams {
    pub(crate) family: Slice,
    pub(crate) social: Slice,
    pub(crate) recipe: Slice,
    pub(crate) consultation: Slice,
}

impl Upstreams {
    pub(crate) fn new(settings: &Settings, options: &ServeOptions, resolver: &Arc<dyn Resolve>) -> anyhow::Result<Self> {
        let (identity, calls) = (&options.identity, &settings.calls);
        let calls = calls.load(NAME, &identity.workload_issuer, &identity.audience)?.resolver(Arc::clone(resolver));
        let upstream = |name, url: &Uri| {
            let upstream = calls.to(name, url).max_request_bytes(MAX_MESSAGE_BYTES + FRAME_HEADER);
            let upstream = upstream.build().with_context(|| format!("--{name}-url"))?;
            anyhow::Ok(Slice { upstream, patience: Arc::default() })
        };
        Ok(Self {
            family: upstream("family", &settings.family_url)?,
            social: upstream("social", &settings.social_url)?,
            recipe: upstream("recipe", &settings.recipe_url)?,
            consultation: upstream("consultation", &settings.consultation_url)?,
        })
    }

    /// All slices, in the order of their names.
    pub(crate) fn all(&self) -> [&Upstream; 4] {
        [&self.consultation, &self.family, &self.recipe, &self.social].map(|slice| &slice.upstream)
    }

    /// The slice that serves the method at `path`.
    pub(crate) fn of(&self, path: &str) -> Option<&Upstream> {
        let [family, social, recipe, consultation] = PACKAGES;
        let (service, _method) = path.strip_prefix('/')?.rsplit_once('/')?;
        let (package, _service) = service.rsplit_once('.')?;
        let slice = match package {
            _ if package == family => &self.family,
            _ if package == social => &self.social,
            _ if package == recipe => &self.recipe,
            _ if package == consultation => &self.consultation,
            _ => return None,
        };
        Some(&slice.upstream)
    }
}

/// What a caller is told when a slice has no usable answer.
pub(crate) fn unavailable(upstream: &str) -> Status {
    unanswered(upstream).into_status(DOMAIN)
}

/// A fault of the edge's own: what is wrong is for its log alone.
pub(crate) fn fault(upstream: &Upstream, cause: impl std::fmt::Display) -> Status {
    tracing::error!(upstream = upstream.name(), %cause, "a call cannot be made");
    common(ErrorReason::Internal, "internal fault").into_status(DOMAIN)
}

/// Passes on what a slice said of the caller's request, or the way to it instead; what has no reason becomes [`unavailable`].
pub(crate) fn passed_on(upstream: &Upstream, status: Status) -> Status {
    match status.get_details_error_info().map(|info| info.reason) {
        // The caller's token was good here, so it is the edge's own that was refused.
        Some(reason) if reason == "TOKEN_EXPIRED" => {
            let upstream = upstream.name();
            tracing::error!(
                upstream,
                "the edge's own token has expired on arrival: the clock of the edge is behind, or that of the upstream ahead"
            );
            unavailable(upstream)
        }
        Some(reason) if matches!(reason.as_str(), "TOKEN_INVALID" | "TOKEN_MISSING" | "CALLER_NOT_ADMITTED") => {
            fault(upstream, reason)
        }
        Some(_) => status,
        None => {
            tracing::warn!(upstream = upstream.name(), code = ?status.code(), "no answer");
            unavailable(upstream.name())
        }
    }
}
