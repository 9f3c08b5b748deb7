//! TLS of connections to other servers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::InvalidTls;
use crate::files::{Files, Reloaded};
use crate::{HTTP1, HTTP2};

/// Certificates for calls to other services. The files are read again for each connection.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "TLS to upstreams")]
pub struct UpstreamTlsOptions {
    /// PEM file with the authorities that issue upstreams' certificates; required for https addresses
    #[arg(long, env = "ORCHARD_UPSTREAM_CA_FILE", value_name = "FILE")]
    pub upstream_ca_file: Option<PathBuf>,
    /// PEM file with the certificate chain to present to upstreams that ask for one
    #[arg(long, env = "ORCHARD_UPSTREAM_CERT_FILE", value_name = "FILE", requires_all = ["upstream_ca_file", "upstream_key_file"])]
    pub upstream_cert_file: Option<PathBuf>,
    /// PEM file with the private key of that certificate
    #[arg(long, env = "ORCHARD_UPSTREAM_KEY_FILE", value_name = "FILE", requires = "upstream_cert_file")]
    pub upstream_key_file: Option<PathBuf>,
}

/// TLS of calls to other services.
#[derive(Debug)]
pub struct UpstreamTls(Reloaded<ClientConfig>);

impl UpstreamTls {
    /// Reads the files; `None` if the options name no authorities.
    pub fn load(options: &UpstreamTlsOptions) -> Result<Option<Self>, InvalidTls> {
        let Some(authorities) = options.upstream_ca_file.clone() else { return Ok(None) };
        let own = options.upstream_cert_file.clone().zip(options.upstream_key_file.clone());
        let make = move |files: &mut Files| config(files.authorities(&authorities)?, files, own.as_ref(), HTTP2);
        Reloaded::load(make).map(|config| Some(Self(config)))
    }

    /// Performs the client's side of a handshake with the service `name`.
    pub async fn connect<T: AsyncRead + AsyncWrite + Unpin>(&self, name: ServerName<'static>, io: T) -> io::Result<TlsStream<T>> {
        TlsConnector::from(self.0.current()).connect(name, io).await
    }
}

/// TLS of HTTPS requests to servers whose certificates come from an authority in a PEM file.
#[derive(Debug)]
pub struct HttpsTls(Reloaded<ClientConfig>);

impl HttpsTls {
    /// Reads the authorities.
    pub fn load(authorities: &Path) -> Result<Self, InvalidTls> {
        let authorities = authorities.to_owned();
        Reloaded::load(move |files| config(files.bundle(&authorities)?, files, None, HTTP1)).map(Self)
    }

    /// Returns the configuration for a new connection.
    pub fn config(&self) -> Arc<ClientConfig> {
        self.0.current()
    }
}

fn config(
    authorities: RootCertStore,
    files: &mut Files,
    own: Option<&(PathBuf, PathBuf)>,
    protocol: &[u8],
) -> Result<ClientConfig, InvalidTls> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?.with_root_certificates(authorities);
    let mut config = match own {
        Some((certificate, key)) => builder.with_client_auth_cert(files.certificates(certificate)?, files.key(key)?)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(config)
}
