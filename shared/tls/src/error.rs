//! Why files cannot be used for TLS.

use std::io;
use std::path::{Path, PathBuf};

/// Why files cannot be used for TLS.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTls {
    /// A file cannot be read.
    #[error("cannot read {}: {cause}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The operating system's error.
        cause: io::Error,
    },
    /// A file does not hold what is expected of it.
    #[error("{}: no usable {expected}: {cause}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// What the file should hold, such as `certificate`.
        expected: &'static str,
        /// What is wrong with its content.
        cause: String,
    },
    /// The files do not match each other, such as a key and another key's certificate.
    #[error("the certificate and the key do not match: {0}")]
    Mismatched(#[from] rustls::Error),
}

impl InvalidTls {
    pub(crate) fn unusable(file: &Path, expected: &'static str, cause: impl ToString) -> Self {
        Self::Unusable { file: file.to_owned(), expected, cause: cause.to_string() }
    }
}
