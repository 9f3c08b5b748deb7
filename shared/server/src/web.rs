//! The port for browsers, which cannot speak gRPC: gRPC-Web instead, for the pages that may call, and perhaps pages of the service's own.
//!
//! Behind the translation a call takes the same steps as at the port for gRPC. That one stays as strict as it is.

mod options;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue, Method, StatusCode, Version};
use tonic_web::GrpcWebLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::framing::essence;
pub use options::{WebOptions, WebOrigin};

const GRPC_WEB: &str = "application/grpc-web+proto";
/// What a page may send, besides what every page may.
const SENT: [HeaderName; 8] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-user-agent"),
];
/// What a page may read: the status of a call that has no message is in its headers.
const READ: [HeaderName; 3] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];
/// What concerns a connection of HTTP/1.1, and is malformed in HTTP/2 (RFC 9113, 8.2.2).
const OF_CONNECTION: [HeaderName; 6] = [
    CONNECTION,
    HOST,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];
/// How long a browser remembers what a page may do. Chromium takes no more.
const REMEMBERED: Duration = Duration::from_secs(2 * 3600);

/// The port for browsers.
pub struct Web {
    /// Its address.
    pub listen: SocketAddr,
    /// Origins of pages that may call.
    pub origins: Vec<WebOrigin>,
    /// Pages of the service's own.
    pub pages: Router,
}

/// Returns a router that serves pages, and `calls` in gRPC-Web.
pub(crate) fn router(web: Web, calls: Router) -> Router {
    let origins: Arc<[HeaderValue]> = web.origins.iter().map(|origin| origin.value().clone()).collect();
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::POST])
        .allow_headers(SENT)
        .expose_headers(READ)
        .max_age(REMEMBERED);
    // The last line sees a request first.
    let calls = calls.layer(GrpcWebLayer::new()).layer(from_fn(only_grpc_web));
    web.pages.fallback_service(calls).layer(cors).layer(from_fn_with_state(origins, refuse_strangers))
}

/// Refuses what a page sends that may not call. Without an origin it is no page that calls.
async fn refuse_strangers(State(origins): State<Arc<[HeaderValue]>>, request: Request, next: Next) -> Response {
    match request.headers().get(ORIGIN) {
        Some(origin) if !origins.contains(origin) => StatusCode::FORBIDDEN.into_response(),
        Some(_) | None => next.run(request).await,
    }
}

/// Refuses what is no gRPC-Web in binary, and makes the rest a request as HTTP/2 would have brought it.
async fn only_grpc_web(mut request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")]).into_response();
    }
    let is_binary =
        ["application/grpc-web", GRPC_WEB].iter().any(|known| essence(request.headers()).eq_ignore_ascii_case(known.as_bytes()));
    if !is_binary {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    *request.version_mut() = Version::HTTP_2;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC_WEB));
    // It could ask for an answer in text.
    headers.remove(ACCEPT);
    for name in &OF_CONNECTION {
        headers.remove(name);
    }
    next.run(request).await
}
