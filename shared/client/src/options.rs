//! Configuration of calls to other services.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use http::Uri;
use orchard_tls::{InvalidTls, UpstreamTls, UpstreamTlsOptions};

use crate::resolve::{Resolve, SystemResolver};
use crate::upstream::{Builder, Upstream};
use crate::workload::{InvalidKey, Workload};

/// The identity with which a service calls others, and the authorities that it trusts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Calls to other services")]
pub struct CallOptions {
    /// File with the Ed25519 private key (PKCS#8 PEM) that signs this service's tokens; the workload JWKS has the public key, whose `kid` is the service's name, or what a line such as `kid: edge.2` before the PEM says
    #[arg(long, env = "ORCHARD_WORKLOAD_KEY_FILE", value_name = "FILE")]
    pub workload_key_file: PathBuf,
    /// TLS to the called services
    #[command(flatten)]
    pub tls: UpstreamTlsOptions,
}

/// A setting because of which other services cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCalls {
    /// The file has no usable key.
    #[error("cannot use {0}")]
    Key(PathBuf, #[source] InvalidKey),
    /// The TLS files cannot be used.
    #[error(transparent)]
    Tls(#[from] InvalidTls),
}

/// The means of one service to call others.
#[derive(Debug, Clone)]
pub struct Calls {
    workload: Arc<Workload>,
    tls: Option<Arc<UpstreamTls>>,
    resolver: Arc<dyn Resolve>,
}

impl CallOptions {
    /// Reads the key and certificates of the service `name`, whose tokens have this issuer and audience.
    pub fn load(&self, name: &'static str, issuer: &str, audience: &str) -> Result<Calls, InvalidCalls> {
        let file = &self.workload_key_file;
        let workload = Workload::open(name, file, issuer, audience).map_err(|error| InvalidCalls::Key(file.clone(), error))?;
        Ok(Calls {
            workload: Arc::new(workload),
            tls: UpstreamTls::load(&self.tls)?.map(Arc::new),
            resolver: Arc::new(SystemResolver),
        })
    }
}

impl Calls {
    /// Sets the resolver that finds the services' replicas.
    #[must_use]
    pub fn resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }

    /// Returns a builder for the service `name` at `url`.
    pub fn to(&self, name: &'static str, url: &Uri) -> Builder {
        let upstream = Upstream::builder(name, url.clone(), Arc::clone(&self.workload));
        upstream.resolver(Arc::clone(&self.resolver)).tls(self.tls.clone())
    }
}
