//! TLS of listeners and of calls to other services, from files that may change while they are used: every handshake is made with
//! what they hold at the time.

mod files;
mod listener;
mod upstream;

use std::path::{Path, PathBuf};

pub use rustls::pki_types::ServerName;

pub use listener::{ListenerTls, ListenerTlsOptions};
pub use upstream::{UpstreamTls, UpstreamTlsOptions};

/// HTTP/2, the only protocol of gRPC.
const ALPN: &[u8] = b"h2";
/// What every server of documents speaks.
const HTTP_ALPN: &[u8] = b"http/1.1";

/// Why files cannot be used for TLS.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTls {
    /// A file cannot be read, or does not hold what it should.
    #[error("{} has no usable {expected}: {cause}", file.display())]
    Unusable {
        /// Which.
        file: PathBuf,
        /// Such as `certificate`.
        expected: &'static str,
        /// Why.
        cause: String,
    },
    /// The files do not fit each other, such as a key of another certificate.
    #[error("the certificates and the key do not make TLS: {0}")]
    Unfit(#[from] rustls::Error),
}

impl InvalidTls {
    fn unusable(file: &Path, expected: &'static str, cause: impl ToString) -> Self {
        Self::Unusable { file: file.to_owned(), expected, cause: cause.to_string() }
    }
}
