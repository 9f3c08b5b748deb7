//! TLS of a listener.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::error::InvalidTls;
use crate::files::{Files, Reloaded};
use crate::{HTTP1, HTTP2};

/// Certificates of a listener and of its callers. The files are read again for each connection.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "TLS")]
pub struct ListenerTlsOptions {
    /// PEM file with this service's certificate chain; without it, calls are served in cleartext
    #[arg(long, env = "ORCHARD_TLS_CERT_FILE", value_name = "FILE", requires = "tls_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// PEM file with the private key of that certificate
    #[arg(long, env = "ORCHARD_TLS_KEY_FILE", value_name = "FILE", requires = "tls_cert_file")]
    pub tls_key_file: Option<PathBuf>,
    /// PEM file with the authorities that issue callers' certificates; if set, callers without a certificate cannot connect
    #[arg(long, env = "ORCHARD_TLS_CLIENT_CA_FILE", value_name = "FILE", requires = "tls_cert_file")]
    pub tls_client_ca_file: Option<PathBuf>,
}

/// TLS of a listener.
#[derive(Debug)]
pub struct ListenerTls(Reloaded<ServerConfig>);

impl ListenerTls {
    /// Reads the files; `None` if the options name no certificate.
    pub fn load(options: &ListenerTlsOptions) -> Result<Option<Self>, InvalidTls> {
        Self::speaking(&[HTTP2], options)
    }

    /// Reads the files for a listener that speaks HTTP/1.1 as well; `None` if the options name no certificate.
    pub fn for_browsers(options: &ListenerTlsOptions) -> Result<Option<Self>, InvalidTls> {
        Self::speaking(&[HTTP2, HTTP1], options)
    }

    fn speaking(protocols: &'static [&'static [u8]], options: &ListenerTlsOptions) -> Result<Option<Self>, InvalidTls> {
        let (Some(certificate), Some(key)) = (options.tls_cert_file.clone(), options.tls_key_file.clone()) else {
            return Ok(None);
        };
        let clients = options.tls_client_ca_file.clone();
        let config = move |files: &mut Files| {
            let mut config = config(files, &certificate, &key, clients.as_deref())?;
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Ok(config)
        };
        Reloaded::load(config).map(|config| Some(Self(config)))
    }

    /// Performs the server's side of a handshake.
    pub async fn accept<T: AsyncRead + AsyncWrite + Unpin>(&self, io: T) -> io::Result<TlsStream<T>> {
        TlsAcceptor::from(self.0.current()).accept(io).await
    }
}

fn config(files: &mut Files, certificate: &Path, key: &Path, clients: Option<&Path>) -> Result<ServerConfig, InvalidTls> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let roots = Arc::new(files.authorities(authorities)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| InvalidTls::unusable(authorities, "authority", error))?)
        }
    };
    Ok(builder.with_single_cert(files.certificates(certificate)?, files.key(key)?)?)
}
