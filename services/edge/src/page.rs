//! A page for browsers, which shows what the edge serves. It is built from `page`, and part of the program.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

/// The page runs and shows its own files only, calls this address only, and is shown in no other page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// Serves the page's files.
pub(crate) fn router() -> Router {
    let html = include_str!("../page/index.html");
    let script = include_str!("../page/dist/page.js");
    let style = include_str!("../page/page.css");
    Router::new()
        .route("/", get(|| async { file("text/html; charset=utf-8", html) }))
        .route("/page.js", get(|| async { file("text/javascript; charset=utf-8", script) }))
        .route("/page.css", get(|| async { file("text/css; charset=utf-8", style) }))
}

fn file(content: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 5] = [
        (CONTENT_TYPE, content),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text)
}
