//! Keys that cannot be had, or not from there.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orchard_server::IdentityOptions;
use orchard_testkit::answer::refused;
use orchard_testkit::certificates::Authority;
use orchard_testkit::folder::Folder;
use orchard_testkit::jwks::{KeyServer, Reply};
use orchard_testkit::service::free_address;
use tonic_health::ServingStatus;
use tracing_subscriber::fmt::MakeWriter;

use crate::issuer::{Believer, DAY, Key, OFTEN, at, invalid, jwks, replies, unavailable, url};

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self, with: &str) -> usize {
        let bytes = self.0.lock().expect("a lock").clone();
        String::from_utf8_lossy(&bytes).lines().filter(|line| line.contains(with)).count()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn an_address_that_is_down_is_done_without_for_a_day() -> anyhow::Result<()> {
    let log = Log::default();
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::fmt().with_writer(log.clone()).finish());
    let (key, new) = (Key::new("1")?, Key::new("2")?);
    let server = KeyServer::start(replies(&[&key])).await?;
    let service = Believer::of(&server, OFTEN).await?;
    let token = key.token()?;
    service.call(&token).await?;

    server.replies(Reply::HangUp);
    server.fetched_again().await?;
    service.clock.advance(DAY - Duration::from_secs(60));
    server.fetched_again().await?;
    service.call(&token).await?;
    assert!(service.believes(&key).await?);
    // Nobody can say whether it is a key of the issuer's.
    assert_eq!(refused(service.call(&new.token()?).await), unavailable());
    assert_eq!((log.lines("those before are believed"), log.lines("none to believe")), (1, 0));

    service.clock.advance(Duration::from_secs(60));
    for token in [&token, &key.token()?, &new.token()?] {
        assert_eq!(refused(service.call(token).await), unavailable());
    }
    service.running.wait_for(ServingStatus::NotServing).await?;
    server.fetched_again().await?;

    server.replies(replies(&[&key]));
    service.running.wait_for(ServingStatus::Serving).await?;
    service.call(&token).await?;
    assert_eq!((log.lines("those before are believed"), log.lines("none to believe")), (1, 1));
    assert_eq!(log.lines("keys are read"), 2, "at the start and now");
    Ok(())
}

#[tokio::test]
async fn a_service_starts_without_its_issuer_and_is_ready_when_that_is_there() -> anyhow::Result<()> {
    let key = Key::new("1")?;
    let address = free_address();
    let url = format!("http://{address}/keys").parse()?;
    let service = Believer::launch(|identity| at(identity, url, OFTEN)).await?;
    service.running.wait_for(ServingStatus::NotServing).await?;
    assert_eq!(refused(service.call(&key.token()?).await), unavailable());
    let _server = KeyServer::start_at(address, replies(&[&key]), None).await?;
    service.running.wait_for(ServingStatus::Serving).await?;
    assert!(service.believes(&key).await?);
    Ok(())
}

#[tokio::test]
async fn answers_that_cannot_be_used_change_nothing() -> anyhow::Result<()> {
    let (key, evil) = (Key::new("1")?, Key::new("2")?);
    let server = KeyServer::start(replies(&[&key])).await?;
    let elsewhere = KeyServer::start(replies(&[&evil])).await?;
    let service = Believer::of(&server, OFTEN).await?;
    let evil_set = jwks(&[&evil]).to_string().into_bytes();
    let large = [&evil_set[..], &vec![b' '; 256 * 1024]].concat();
    let redirect = format!("302 Found\r\nlocation: {}", url(&elsewhere)?);
    for (what, reply) in [
        ("too large", Reply::of("200 OK", &large)),
        ("a redirection", Reply::of(&redirect, &evil_set)),
        ("an error", Reply::of("500 Internal Server Error", &evil_set)),
        ("another success", Reply::of("203 Non-Authoritative Information", &evil_set)),
        ("rubbish", Reply::of("200 OK", b"<html>")),
        ("no keys", Reply::of("200 OK", b"{\"keys\": []}")),
        ("half", Reply::of(&format!("200 OK\r\ncontent-length: {}", evil_set.len() + 1), &evil_set)),
        ("no HTTP", Reply::Whole(b"hello\r\n\r\n".to_vec())),
        ("nothing", Reply::HangUp),
        ("an endless head", Reply::Whole([&b"HTTP/1.1 200 OK\r\nx: "[..], &vec![b'x'; 1024 * 1024]].concat())),
        ("no end", Reply::Trickle),
    ] {
        server.replies(reply);
        server.fetched_again().await?;
        assert!(service.believes(&key).await?, "{what}");
        assert!(!service.believes(&evil).await?, "{what}");
    }
    assert_eq!(elsewhere.fetches(), 0, "redirections are not followed");
    // With one byte less than too large it would have been believed.
    server.replies(Reply::of("200 OK", &large[..256 * 1024]));
    server.fetched_again().await?;
    assert!(service.believes(&evil).await?);
    Ok(())
}

#[tokio::test]
async fn https_addresses_prove_their_names() -> anyhow::Result<()> {
    let (ours, theirs) = (Authority::new()?, Authority::new()?);
    let key = Key::new("1")?;
    let folder = Folder::new()?;
    folder.put("ca.pem", ours.pem())?;
    for (certificate, is_good) in
        [(ours.issue(&["localhost"])?, true), (ours.issue(&["elsewhere"])?, false), (theirs.issue(&["localhost"])?, false)]
    {
        let server = KeyServer::start_at("127.0.0.1:0".parse()?, replies(&[&key]), Some(&certificate)).await?;
        let url = format!("https://localhost:{}/keys", server.address.port()).parse()?;
        let service = Believer::launch(|identity| {
            at(identity, url, OFTEN);
            identity.jwks_ca_file = folder.file("ca.pem");
        })
        .await?;
        let expected = if is_good { ServingStatus::Serving } else { ServingStatus::NotServing };
        service.running.wait_for(expected).await?;
        assert_eq!(service.believes(&key).await?, is_good);
        assert_eq!(server.fetches() > 0, is_good, "nothing is asked of a stranger");
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_used_is_not_started_with() -> anyhow::Result<()> {
    let folder = Folder::new()?;
    let file = folder.put("jwks.json", "rubbish")?;
    let said = async |change: &dyn Fn(&mut IdentityOptions)| {
        let error = Believer::launch(change).await.err().expect("it must not start");
        let said = format!("{error:#}");
        assert!(!said.contains('\n'), "{said}");
        said
    };
    let rubbish = said(&|identity| identity.user_jwks_file = Some(file.clone())).await;
    assert!(rubbish.contains("jwks.json cannot be used: it is not a JWKS"), "{rubbish}");
    let missing = said(&|identity| identity.user_jwks_file = Some(folder.file("none"))).await;
    assert!(missing.contains("none cannot be used: it cannot be read: No such file"), "{missing}");
    let old = said(&|identity| identity.jwks_stale_limit = identity.jwks_refresh).await;
    assert!(old.contains("--jwks-stale-limit must be longer than --jwks-refresh"), "{old}");
    let authorities = said(&|identity| {
        at(identity, "https://localhost/keys".parse().expect("an address"), OFTEN);
        identity.jwks_ca_file = folder.file("none.pem");
    })
    .await;
    assert!(authorities.contains("--jwks-ca-file") && authorities.contains("No such file"), "{authorities}");
    Ok(())
}

#[tokio::test]
async fn workloads_keys_come_from_addresses_too() -> anyhow::Result<()> {
    let key = Key::new("1")?;
    let server = KeyServer::start(replies(&[&key])).await?;
    let url = url(&server)?;
    let service = Believer::start(|identity| {
        identity.workload_jwks_file = None;
        identity.workload_jwks_url = Some(url);
    })
    .await?;
    assert_eq!(server.fetches(), 1);
    // A key of workloads says nothing of users.
    assert_eq!(refused(service.call(&key.token()?).await), invalid());
    Ok(())
}
