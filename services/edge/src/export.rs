//! The export of what all slices store about a user.

use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use orchard_client::Upstream;
use orchard_proto::edge::v1 as pb;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::privacy::v1::{ExportUserRequest, ExportUserResponse};
use orchard_rpc::Fields;
use tonic::Status;

use crate::DOMAIN;
use crate::upstream::{Upstreams, fault, passed_on};

/// The names of the slices, in the order of the export.
const ORDER: [&str; 4] = ["consultation", "family", "recipe", "social"];

/// Where an export starts: in a slice, after the row of a token of that slice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Position {
    slice: usize,
    token: String,
}

impl Position {
    /// Reads a token of this module. The slice checks its own part, which it has sealed.
    pub(crate) fn read(resume_token: &str) -> Result<Self, Status> {
        let position = || {
            let (name, token) = resume_token.split_once(':').filter(|(_, token)| !token.is_empty())?;
            Some(Self { slice: ORDER.iter().position(|slice| *slice == name)?, token: token.to_owned() })
        };
        let read = match resume_token {
            "" => Ok(Self::default()),
            _ => position().ok_or_else(|| "is not of this export, or was changed".to_owned()),
        };
        Fields::one("resume_token", read).map_err(|violations| orchard_rpc::Refusal::from(violations).into_status(DOMAIN))
    }
}

/// Streams the rows of each slice after those of the one before. Nothing is read before the caller has taken what was read.
pub(crate) fn export(
    upstreams: &Upstreams,
    token: &str,
    start: Position,
) -> BoxStream<'static, Result<pb::ExportMeResponse, Status>> {
    let mut resumed = start.token;
    let slices: Vec<(Upstream, String)> = upstreams
        .all()
        .into_iter()
        .skip(start.slice)
        // The token is of the first of these slices.
        .map(|upstream| (upstream.clone(), std::mem::take(&mut resumed)))
        .collect();
    let token = token.to_owned();
    let rows = move |(upstream, resume_token): (Upstream, String)| {
        let token = token.clone();
        async move { rows(upstream, &token, resume_token).await }
    };
    stream::iter(slices).then(rows).try_flatten().boxed()
}

async fn rows(
    upstream: Upstream,
    token: &str,
    resume_token: String,
) -> Result<BoxStream<'static, Result<pb::ExportMeResponse, Status>>, Status> {
    let channel = upstream.on_behalf_of(token).map_err(|cause| fault(&upstream, cause))?;
    let request = ExportUserRequest { user_id: String::new(), resume_token };
    let answer = PrivacyServiceClient::new(channel).export_user(request).await;
    let rows = answer.map_err(|status| passed_on(&upstream, status))?.into_inner();
    let row = move |row: Result<ExportUserResponse, Status>| {
        let ExportUserResponse { record, resume_token } = row.map_err(|status| passed_on(&upstream, status))?;
        let resume_token = format!("{}:{resume_token}", upstream.name());
        Ok(pb::ExportMeResponse { row: Some(pb::ExportedRow { service: upstream.name().to_owned(), record }), resume_token })
    };
    Ok(rows.map(row).boxed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_slice() {
        let at = |slice, token: &str| Some(Position { slice, token: token.to_owned() });
        for (token, position) in [
            ("", at(0, "")),
            ("consultation:a", at(0, "a")),
            ("social:a:b", at(3, "a:b")),
            ("social:", None),
            ("social", None),
            ("edge:a", None),
            (":a", None),
        ] {
            assert_eq!(Position::read(token).ok(), position, "{token}");
        }
    }
}
