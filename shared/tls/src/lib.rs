//! TLS for listeners and for calls to other services.
//!
//! Certificates, keys and authorities come from PEM files that may change at run time: every handshake uses what they hold at that
//! moment.

mod error;
mod files;
mod listener;
mod upstream;

pub use rustls::ClientConfig;
pub use rustls::pki_types::ServerName;

pub use error::InvalidTls;
pub use listener::{ListenerTls, ListenerTlsOptions};
pub use upstream::{HttpsTls, UpstreamTls, UpstreamTlsOptions};

/// The ALPN name of HTTP/2, the only protocol of gRPC.
const HTTP2: &[u8] = b"h2";
/// The ALPN name of HTTP/1.1.
const HTTP1: &[u8] = b"http/1.1";
