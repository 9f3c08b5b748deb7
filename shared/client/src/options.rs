//! Configuration of calls to other services.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use http::Uri;
use orchard_tls::{InvalidTls, UpstreamTls, UpstreamTlsOptions};

use crate::{Builder, InvalidKey, Resolve, SystemResolver, Upstream, Workload};

/// As whom a service calls others, and whom it believes to be them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Calls to other services")]
pub struct CallOptions {
    /// File with the service's own Ed25519 private key (PKCS#8 PEM); the workloads' JWKS has its public half under the service's name
    #[arg(long, env = "ORCHARD_WORKLOAD_KEY_FILE", value_name = "FILE")]
    pub workload_key_file: PathBuf,
    /// Whom it believes to be the services that it calls
    #[command(flatten)]
    pub tls: UpstreamTlsOptions,
}

/// What stands in the way of calling others: a setting.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCalls {
    /// The key's file cannot be read.
    #[error("cannot read {0}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// It holds no key.
    #[error("{0}")]
    Key(PathBuf, #[source] InvalidKey),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] InvalidTls),
}

/// How one service calls others.
#[derive(Debug, Clone)]
pub struct Calls {
    workload: Arc<Workload>,
    tls: Option<Arc<UpstreamTls>>,
    resolver: Arc<dyn Resolve>,
}

impl CallOptions {
    /// Reads the key and the certificates of the service `name`, whose tokens come from `issuer` and are for `audience`.
    pub fn load(&self, name: &'static str, issuer: &str, audience: &str) -> Result<Calls, InvalidCalls> {
        let file = &self.workload_key_file;
        let pem = std::fs::read(file).map_err(|error| InvalidCalls::Unreadable(file.clone(), error))?;
        let workload = Workload::new(name, &pem, issuer.to_owned(), audience.to_owned());
        let workload = Arc::new(workload.map_err(|error| InvalidCalls::Key(file.clone(), error))?);
        Ok(Calls { workload, tls: UpstreamTls::load(&self.tls)?.map(Arc::new), resolver: Arc::new(SystemResolver) })
    }
}

impl Calls {
    /// The same, with services whose replicas `resolver` finds.
    #[must_use]
    pub fn resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }

    /// The service `name` at `url`.
    pub fn to(&self, name: &'static str, url: &Uri) -> Builder {
        let upstream = Upstream::builder(name, url.clone(), Arc::clone(&self.workload));
        upstream.resolver(Arc::clone(&self.resolver)).tls(self.tls.clone())
    }
}
