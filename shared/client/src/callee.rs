//! The called service: where it is, and the state that all calls to it share.

use std::sync::Arc;

use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use tokio::task::JoinSet;
use tower::retry::budget::TpsBudget;

use crate::balance::Balancer;
use crate::methods::Methods;
use crate::observe::ObservedMethods;
use crate::refusals::Refusals;
use crate::workload::Workload;

/// The state that all clones of an upstream share. Dropping it ends the background work.
#[derive(Debug)]
pub(crate) struct Callee {
    pub(crate) name: &'static str,
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    pub(crate) methods: Methods,
    pub(crate) observed: ObservedMethods,
    pub(crate) balancer: Arc<Balancer>,
    pub(crate) budget: TpsBudget,
    pub(crate) refusals: Refusals,
    pub(crate) max_request_bytes: usize,
    pub(crate) workload: Arc<Workload>,
    pub(crate) _background: JoinSet<()>,
}

impl Callee {
    /// Returns the address of a method's path at this service.
    pub(crate) fn locate(&self, uri: Uri) -> Uri {
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(uri.into_parts().path_and_query.unwrap_or(PathAndQuery::from_static("/")));
        // Cannot fail: all three parts are set.
        Uri::from_parts(parts).unwrap_or_default()
    }
}
