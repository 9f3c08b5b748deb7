//! Settings of the port for browsers.

use std::net::SocketAddr;
use std::str::FromStr;

use clap::Args;
use http::{HeaderValue, Uri};

/// Where browsers call, and which pages may.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Browsers")]
pub struct WebOptions {
    /// Address to serve gRPC-Web on, over HTTP/1.1 and HTTP/2; without it there is no port for browsers
    #[arg(long, env = "ORCHARD_WEB_LISTEN", value_name = "ADDRESS")]
    pub web_listen: Option<SocketAddr>,
    /// Origins of pages that may call, such as `https://app.example,http://localhost:8080`; without any, no page may
    #[arg(long, env = "ORCHARD_WEB_ORIGINS", value_delimiter = ',', value_name = "ORIGINS")]
    pub web_origins: Vec<WebOrigin>,
}

/// The origin of a page, as browsers send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin(HeaderValue);

impl WebOrigin {
    pub(super) fn value(&self) -> &HeaderValue {
        &self.0
    }
}

/// The text is not an origin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be https://host or http://host, perhaps with a port, in lower case and without a path")]
pub struct InvalidWebOrigin;

impl FromStr for WebOrigin {
    type Err = InvalidWebOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidWebOrigin> {
        let text = text.trim();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(InvalidWebOrigin)?;
        let uri: Uri = text.parse().map_err(|_| InvalidWebOrigin)?;
        // A browser compares the whole text, so what it never sends would let nobody in.
        let is_plain = uri.authority().is_some_and(|authority| authority.as_str() == rest && !rest.contains('@'));
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let value = text.parse().map_err(|_| InvalidWebOrigin)?;
        if is_plain && is_lower { Ok(Self(value)) } else { Err(InvalidWebOrigin) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_send_them() {
        for good in ["https://app.example", "http://localhost:8080", "http://[::1]:8080", " https://app.example"] {
            assert!(good.parse::<WebOrigin>().is_ok(), "{good}");
        }
        for bad in
            ["", "*", "null", "app.example", "https://app.example/", "https://App.example", "https://a@app.example", "https://"]
        {
            assert_eq!(bad.parse::<WebOrigin>(), Err(InvalidWebOrigin), "{bad}");
        }
    }
}
