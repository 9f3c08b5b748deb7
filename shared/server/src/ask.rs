//! The `health` command, for container engines that do not speak gRPC.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::options::ADMIN_LISTEN;
use crate::process::single_threaded;

/// Time limit of the answer.
const LIMIT: Duration = Duration::from_secs(2);

/// Where to ask for health.
#[derive(Debug, Clone, Args)]
pub struct HealthOptions {
    /// Address on which the service serves health; an unspecified address is asked on the loopback
    #[arg(long, env = "ORCHARD_ADMIN_LISTEN", default_value = ADMIN_LISTEN, value_name = "ADDRESS")]
    admin_listen: SocketAddr,
}

/// Runs the command.
pub(crate) fn run(options: &HealthOptions) -> anyhow::Result<()> {
    single_threaded()?.block_on(ask(reachable(options.admin_listen), LIMIT))
}

/// Asks the service whose health is served at `admin`. Fails unless the answer is `SERVING` within `limit`.
pub async fn ask(admin: SocketAddr, limit: Duration) -> anyhow::Result<()> {
    let answer = async {
        let channel = Endpoint::from_shared(format!("http://{admin}"))?.connect().await?;
        anyhow::Ok(HealthClient::new(channel).check(HealthCheckRequest::default()).await?.into_inner().status())
    };
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(ServingStatus::Serving)) => Ok(()),
        Ok(Ok(status)) => bail!("the service is {}", status.as_str_name()),
        Ok(Err(error)) => Err(error.context(format!("no answer at {admin}"))),
        Err(_late) => bail!("no answer at {admin} within {limit:?}"),
    }
}

/// Replaces the unspecified address by the loopback: some systems cannot connect to it.
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

    const LIMIT: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn only_a_serving_service_is_healthy() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (reporter, health) = tonic_health::server::health_reporter();
        let server = Server::builder().add_service(health).serve_with_incoming(TcpIncoming::from(listener));
        let questions = async {
            reporter.set_service_status("", ServingStatus::Serving).await;
            ask(address, LIMIT).await.expect("it serves");
            reporter.set_service_status("", ServingStatus::NotServing).await;
            assert_eq!(ask(address, LIMIT).await.expect_err("it does not").to_string(), "the service is NOT_SERVING");
        };
        tokio::select! { ended = server => panic!("{ended:?}"), () = questions => {} }
    }

    #[tokio::test]
    async fn a_silent_and_a_missing_service_are_unhealthy() {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = silent.local_addr().expect("its address");
        let late = ask(address, LIMIT).await.expect_err("silent").to_string();
        assert!(late.ends_with("within 300ms"), "{late}");
        drop(silent);
        assert!(ask(address, LIMIT).await.expect_err("gone").to_string().starts_with("no answer at"));
    }

    #[test]
    fn an_unspecified_address_is_asked_on_the_loopback() {
        let of = |address: &str| reachable(address.parse().expect("an address")).to_string();
        assert_eq!(
            (of("0.0.0.0:1"), of("[::]:1"), of("10.0.0.9:1")),
            ("127.0.0.1:1".into(), "[::1]:1".into(), "10.0.0.9:1".into())
        );
    }
}
