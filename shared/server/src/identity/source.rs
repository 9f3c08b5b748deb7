//! Where a JWKS is.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use http::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use orchard_tls::{ServerName, UpstreamTls};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;

use super::options::{IdentityOptions, JwksUrl};

/// Longest JWKS that is read; one of ten keys with certificates is a tenth of it.
const MAX_BYTES: usize = 256 * 1024;
/// Longest head of an answer.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Longest that reading may take, from the name's look-up to the last byte.
const LIMIT: Duration = Duration::from_secs(3);

/// A file, or an address.
#[derive(Debug)]
pub(crate) enum Source {
    File(PathBuf),
    Url(Endpoint),
}

impl Source {
    pub(crate) fn new(file: Option<&PathBuf>, url: Option<&JwksUrl>, options: &IdentityOptions) -> anyhow::Result<Self> {
        match (file, url) {
            (Some(file), None) => Ok(Self::File(file.clone())),
            (None, Some(url)) => Endpoint::new(url, options).map(Self::Url),
            _ => bail!("keys need either a file or a URL"),
        }
    }

    pub(crate) async fn read(&self) -> anyhow::Result<Vec<u8>> {
        let read = async {
            match self {
                Self::File(file) => read_file(file).await,
                Self::Url(endpoint) => endpoint.get().await,
            }
        };
        tokio::time::timeout(LIMIT, read).await.unwrap_or_else(|_late| bail!("it was not read within {LIMIT:?}"))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Url(endpoint) => endpoint.url.fmt(f),
        }
    }
}

async fn read_file(file: &PathBuf) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let opened = tokio::fs::File::open(file).await.context("it cannot be read")?;
    opened.take(MAX_BYTES as u64 + 1).read_to_end(&mut text).await.context("it cannot be read")?;
    if text.len() > MAX_BYTES { Err(too_large()) } else { Ok(text) }
}

fn too_large() -> anyhow::Error {
    anyhow::anyhow!("it is larger than {MAX_BYTES} bytes")
}

/// Fetches a JWKS, on a connection of its own each time: there are minutes in between.
#[derive(Debug)]
pub(crate) struct Endpoint {
    url: JwksUrl,
    tls: Option<(UpstreamTls, ServerName<'static>)>,
}

impl Endpoint {
    fn new(url: &JwksUrl, options: &IdentityOptions) -> anyhow::Result<Self> {
        if !url.is_private() {
            tracing::warn!(%url, "keys are fetched in the clear: whoever stands between can name any caller");
        }
        let tls = if url.is_https {
            let name = ServerName::try_from(url.host.clone()).with_context(|| format!("no certificate can be for {url}"))?;
            let tls = UpstreamTls::of_http(&options.jwks_ca_file).context("keys' https addresses need --jwks-ca-file")?;
            Some((tls, name))
        } else {
            None
        };
        Ok(Self { url: url.clone(), tls })
    }

    async fn get(&self) -> anyhow::Result<Vec<u8>> {
        let tcp = TcpStream::connect((self.url.host.as_str(), self.url.port)).await.context("no connection")?;
        match &self.tls {
            Some((tls, name)) => self.get_by(tls.connect(name.clone(), tcp).await.context("no TLS connection")?).await,
            None => self.get_by(tcp).await,
        }
    }

    async fn get_by(&self, io: impl AsyncRead + AsyncWrite + Unpin) -> anyhow::Result<Vec<u8>> {
        let (mut sender, connection) = http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(io)).await?;
        let mut connection = std::pin::pin!(connection);
        let answer = async {
            let response = sender.send_request(self.request()?).await?;
            // Neither is a redirection followed: whose keys are believed is not for an answer to say.
            if response.status() != StatusCode::OK {
                bail!("the answer is {}", response.status());
            }
            let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
            Ok(body
                .map_err(
                    |error| if error.is::<http_body_util::LengthLimitError>() { too_large() } else { anyhow::anyhow!(error) },
                )?
                .to_bytes()
                .to_vec())
        };
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            answer = &mut answer => answer,
            // The connection may end with the whole answer read.
            ended = &mut connection => { ended?; answer.await }
        }
    }

    fn request(&self) -> http::Result<Request<Empty<Bytes>>> {
        let path = self.url.uri.path_and_query().map_or("/", |path| path.as_str());
        Request::get(Uri::try_from(path)?)
            .header(HOST, self.url.uri.authority().map_or("", |authority| authority.as_str()))
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .header(USER_AGENT, "orchard")
            .header(CONNECTION, "close")
            .body(Empty::new())
    }
}
