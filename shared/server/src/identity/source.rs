//! Where a JWKS is read from: a file or an address.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use http::header::{ACCEPT, CONNECTION, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::TokioExecutor;
use orchard_tls::{HttpsTls, ServerName};
use tokio::io::AsyncReadExt as _;

use super::options::{IdentityOptions, JwksUrl};

/// Largest JWKS that is read. Ten keys with certificates take a tenth of it.
const MAX_BYTES: usize = 256 * 1024;
/// Largest head of an HTTP response.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Time limit of a read, from the name's look-up to the last byte.
const READ_LIMIT: Duration = Duration::from_secs(3);

/// The place of a JWKS.
#[derive(Debug)]
pub(crate) enum Source {
    File(PathBuf),
    Url(Endpoint),
}

impl Source {
    /// Returns the one source that is given.
    pub(crate) fn new(file: Option<&PathBuf>, url: Option<&JwksUrl>, options: &IdentityOptions) -> anyhow::Result<Self> {
        match (file, url) {
            (Some(file), None) => Ok(Self::File(file.clone())),
            (None, Some(url)) => Endpoint::new(url, options).map(Self::Url),
            _ => bail!("either a file or a URL must be given"),
        }
    }

    /// Reads the JWKS.
    pub(crate) async fn read(&self) -> anyhow::Result<Vec<u8>> {
        let read = async {
            match self {
                Self::File(file) => read_file(file).await,
                Self::Url(endpoint) => endpoint.fetch().await,
            }
        };
        tokio::time::timeout(READ_LIMIT, read).await.unwrap_or_else(|_late| bail!("not read within {READ_LIMIT:?}"))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Url(endpoint) => endpoint.url.fmt(f),
        }
    }
}

async fn read_file(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let opened = tokio::fs::File::open(file).await.context("cannot read it")?;
    opened.take(MAX_BYTES as u64 + 1).read_to_end(&mut text).await.context("cannot read it")?;
    if text.len() > MAX_BYTES { Err(too_large()) } else { Ok(text) }
}

fn too_large() -> anyhow::Error {
    anyhow!("it is larger than {MAX_BYTES} bytes")
}

/// An address that serves a JWKS.
#[derive(Debug)]
pub(crate) struct Endpoint {
    url: JwksUrl,
    tls: Option<HttpsTls>,
}

impl Endpoint {
    fn new(url: &JwksUrl, options: &IdentityOptions) -> anyhow::Result<Self> {
        if !url.is_private() {
            tracing::warn!(%url, "keys are fetched in cleartext: anyone on the way can impersonate any caller");
        }
        let tls = if url.is_https {
            ServerName::try_from(url.host.as_str()).with_context(|| format!("no certificate can be for {url}"))?;
            Some(HttpsTls::load(&options.jwks_ca_file).context("https addresses of keys need --jwks-ca-file")?)
        } else {
            None
        };
        Ok(Self { url: url.clone(), tls })
    }

    async fn fetch(&self) -> anyhow::Result<Vec<u8>> {
        let response = self.request()?.await?;
        // Redirects are not followed: a response must not decide whose keys are trusted.
        if response.status() != StatusCode::OK {
            bail!("the response is {}", response.status());
        }
        match Limited::new(response.into_body(), MAX_BYTES).collect().await {
            Ok(body) => Ok(body.to_bytes().to_vec()),
            Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
            Err(error) => Err(anyhow!(error)),
        }
    }

    /// Requests the JWKS on a connection of its own: fetches are minutes apart.
    fn request(&self) -> anyhow::Result<ResponseFuture> {
        let request = Request::get(&self.url.uri)
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .header(USER_AGENT, "orchard")
            .header(CONNECTION, "close")
            .body(Empty::new())?;
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        Ok(match &self.tls {
            Some(tls) => client(HttpsConnector::from((http, tls.config()))).request(request),
            None => client(http).request(request),
        })
    }
}

fn client<C: Connect + Clone>(connector: C) -> Client<C, Empty<Bytes>> {
    Client::builder(TokioExecutor::new()).http1_max_buf_size(MAX_HEAD_BYTES).pool_max_idle_per_host(0).build(connector)
}
