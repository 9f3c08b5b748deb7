//! The `health` command: asks the service beside it how it is, for container engines that know no gRPC.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::options::ADMIN_LISTEN;

/// Whom to ask, and about what.
#[derive(Debug, Clone, Args)]
pub struct HealthOptions {
    /// Address that the service serves health at; asked on the loopback when it listens everywhere
    #[arg(long, env = "ORCHARD_ADMIN_LISTEN", default_value = ADMIN_LISTEN, value_name = "ADDRESS")]
    admin_listen: SocketAddr,
    /// Health of what: nothing for whether it serves calls, `liveness` for whether it is alive
    #[arg(long, default_value = "", value_name = "NAME")]
    service: String,
    /// Longest that the answer may take
    #[arg(long, default_value = "2s", value_parser = crate::options::some_duration, value_name = "DURATION")]
    limit: Duration,
}

/// Fails unless the answer is `SERVING`.
pub(crate) fn ask(options: &HealthOptions) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    let HealthOptions { admin_listen, service, limit } = options;
    let answer = async {
        let channel = Endpoint::from_shared(format!("http://{}", reachable(*admin_listen)))?.connect().await?;
        let request = HealthCheckRequest { service: service.clone() };
        anyhow::Ok(HealthClient::new(channel).check(request).await?.into_inner().status())
    };
    match runtime.block_on(async { tokio::time::timeout(*limit, answer).await }) {
        Ok(Ok(ServingStatus::Serving)) => Ok(()),
        Ok(Ok(status)) => bail!("{}", status.as_str_name()),
        Ok(Err(error)) => Err(error.context(format!("no answer at {admin_listen}"))),
        Err(_late) => bail!("no answer at {admin_listen} within {limit:?}"),
    }
}

/// One cannot connect to "everywhere" on every system.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tonic::transport::Server;
    use tonic::transport::server::TcpIncoming;
    use tonic_health::ServingStatus;

    use super::*;

    async fn asked(address: SocketAddr, service: &str) -> Result<(), String> {
        let options = HealthOptions { admin_listen: address, service: service.to_owned(), limit: Duration::from_millis(300) };
        tokio::task::spawn_blocking(move || ask(&options)).await.expect("no panic").map_err(|error| format!("{error:#}"))
    }

    #[tokio::test]
    async fn only_serving_is_well() {
        let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", ServingStatus::NotServing).await;
        reporter.set_service_status("liveness", ServingStatus::Serving).await;
        let server = Server::builder().add_service(health).serve_with_incoming(TcpIncoming::from(listener));
        let questions = async {
            assert_eq!(asked(address, "liveness").await, Ok(()));
            assert_eq!(asked(address, "").await, Err("NOT_SERVING".to_owned()));
            let unknown = asked(address, "nobody").await.expect_err("unknown");
            assert!(unknown.starts_with("no answer at 0.0.0.0:"), "{unknown}");
        };
        tokio::select! { ended = server => panic!("{ended:?}"), () = questions => {} }
    }

    #[tokio::test]
    async fn nobody_and_silence_are_not() {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = silent.local_addr().expect("its address");
        let late = asked(address, "").await.expect_err("silent");
        assert!(late.ends_with("within 300ms"), "{late}");
        drop(silent);
        assert!(asked(address, "").await.expect_err("gone").starts_with("no answer at"));
    }

    #[test]
    fn everywhere_is_asked_here() {
        let of = |address: &str| reachable(address.parse().expect("an address")).to_string();
        assert_eq!(
            (of("0.0.0.0:1"), of("[::]:1"), of("10.0.0.9:1")),
            ("127.0.0.1:1".into(), "[::1]:1".into(), "10.0.0.9:1".into())
        );
    }
}
