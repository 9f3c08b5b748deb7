//! Authenticates each caller and consults the access table.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::HeaderMap;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, common};

use crate::access::{AccessTable, is_reflection};
use crate::identity::{Caller, Verifier};

/// Decides whether a call reaches its handler.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) domain: Arc<str>,
    pub(crate) access: Arc<AccessTable>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) reflection: bool,
}

impl Guard {
    async fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Caller, Refusal> {
        if self.access.is_public(path) || (self.reflection && is_reflection(path)) {
            return Ok(Caller::default());
        }
        if !self.access.contains(path) {
            return Err(common(ErrorReason::MethodUnknown, "there is no such method here"));
        }
        let caller = self.verifier.caller(headers).await?;
        if self.access.admits(path, &caller) {
            Ok(caller)
        } else {
            Err(common(ErrorReason::CallerNotAdmitted, "the method does not admit this kind of caller"))
        }
    }
}

/// Passes a call on with its [`Caller`], or refuses it.
pub(crate) async fn guard(guard: &Guard, mut request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    match guard.admit(request.uri().path(), request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next(request).await
        }
        Err(refusal) => refusal.into_status(&guard.domain).into_http(),
    }
}
