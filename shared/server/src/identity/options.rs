//! Settings of token verification.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgGroup, Args};
use http::Uri;
use http::uri::Scheme;

use super::clock::Clock;
use crate::duration::some_duration;

/// The issuers whose tokens a service accepts, and where their keys are.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Identity")]
#[command(group(ArgGroup::new("user_jwks").required(true).args(["user_jwks_file", "user_jwks_url"])))]
#[command(group(ArgGroup::new("workload_jwks").required(true).args(["workload_jwks_file", "workload_jwks_url"])))]
pub struct IdentityOptions {
    /// JWKS file with the public keys that verify users' tokens; read again every 10 seconds
    #[arg(long, env = "ORCHARD_USER_JWKS_FILE", value_name = "FILE")]
    pub user_jwks_file: Option<PathBuf>,
    /// Address of the users' JWKS, instead of a file
    #[arg(long, env = "ORCHARD_USER_JWKS_URL", value_name = "URL")]
    pub user_jwks_url: Option<JwksUrl>,
    /// Required `iss` claim of users' tokens
    #[arg(long, env = "ORCHARD_USER_ISSUER", default_value = "orchard-users", value_name = "NAME")]
    pub user_issuer: String,
    /// JWKS file with the public keys that verify services' workload tokens, each with the service's name as `kid`; read again every 10 seconds
    #[arg(long, env = "ORCHARD_WORKLOAD_JWKS_FILE", value_name = "FILE")]
    pub workload_jwks_file: Option<PathBuf>,
    /// Address of the workloads' JWKS, instead of a file
    #[arg(long, env = "ORCHARD_WORKLOAD_JWKS_URL", value_name = "URL")]
    pub workload_jwks_url: Option<JwksUrl>,
    /// Required `iss` claim of services' workload tokens
    #[arg(long, env = "ORCHARD_WORKLOAD_ISSUER", default_value = "orchard-workloads", value_name = "NAME")]
    pub workload_issuer: String,
    /// Required `aud` claim of all tokens
    #[arg(long, env = "ORCHARD_AUDIENCE", default_value = "orchard", value_name = "NAME")]
    pub audience: String,
    /// How often to fetch keys from an address; a removed key is accepted at most this long
    #[arg(long, env = "ORCHARD_JWKS_REFRESH", default_value = "5m", value_parser = some_duration, value_name = "DURATION")]
    pub jwks_refresh: Duration,
    /// How long to accept keys after they were last read, while their file or address is unusable
    #[arg(long, env = "ORCHARD_JWKS_STALE_LIMIT", default_value = "24h", value_parser = some_duration, value_name = "DURATION")]
    pub jwks_stale_limit: Duration,
    /// PEM file with the authorities that issue the certificates of https addresses of keys
    #[arg(long, env = "ORCHARD_JWKS_CA_FILE", default_value = "/etc/ssl/certs/ca-certificates.crt", value_name = "FILE")]
    pub jwks_ca_file: PathBuf,
    /// The clock that judges tokens and keys
    #[arg(skip)]
    pub clock: Clock,
}

/// The address of a JWKS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksUrl {
    pub(crate) uri: Uri,
    pub(crate) host: String,
    pub(crate) is_https: bool,
}

impl JwksUrl {
    /// Returns whether the response is safe on its way: it is encrypted, or does not leave the machine.
    pub(crate) fn is_private(&self) -> bool {
        let is_loopback = self.host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        self.is_https || is_loopback || self.host == "localhost"
    }
}

/// The address cannot be that of a JWKS.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be https://host/path or http://host/path, without a user name and password")]
pub struct InvalidJwksUrl;

impl FromStr for JwksUrl {
    type Err = InvalidJwksUrl;

    fn from_str(text: &str) -> Result<Self, InvalidJwksUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidJwksUrl)?;
        let is_https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(_) | None => return Err(InvalidJwksUrl),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(InvalidJwksUrl)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() { Err(InvalidJwksUrl) } else { Ok(Self { host, is_https, uri }) }
    }
}

impl std::fmt::Display for JwksUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.uri.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        identity: IdentityOptions,
    }

    fn parse(arguments: &[&str]) -> Result<IdentityOptions, String> {
        let workload = ["test", "--workload-jwks-file=w"];
        let parsed = Cli::try_parse_from(workload.iter().chain(arguments));
        parsed.map(|cli| cli.identity).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_need_either_a_file_or_an_address() {
        assert!(parse(&["--user-jwks-file=u"]).is_ok());
        assert!(parse(&["--user-jwks-url=https://id.example/keys"]).is_ok());
        let neither = parse(&[]).expect_err("neither");
        assert!(neither.contains("<--user-jwks-file <FILE>|--user-jwks-url <URL>>"), "{neither}");
        let both = parse(&["--user-jwks-file=u", "--user-jwks-url=https://id.example/keys"]).expect_err("both");
        assert!(both.contains("cannot be used with"), "{both}");
    }

    #[test]
    fn addresses_are_http_or_https_without_credentials() {
        let read = |text: &str| text.parse::<JwksUrl>();
        let url = read("https://id.example/keys?v=1").expect("an address");
        assert_eq!((url.host.as_str(), url.uri.port_u16(), url.is_https), ("id.example", None, true));
        let url = read("http://[::1]:8080/keys").expect("an address");
        assert_eq!((url.host.as_str(), url.uri.port_u16(), url.is_https), ("::1", Some(8080), false));
        for private in ["https://id.example/", "http://127.0.0.1/", "http://[::1]/", "http://localhost:1/"] {
            assert!(read(private).expect(private).is_private(), "{private}");
        }
        assert!(!read("http://id.example/").expect("an address").is_private());
        for bad in ["", "keys", "/keys", "id.example/keys", "ftp://id.example/", "file:///keys", "https://me:secret@id.example/"]
        {
            assert_eq!(read(bad), Err(InvalidJwksUrl), "{bad}");
        }
    }
}
