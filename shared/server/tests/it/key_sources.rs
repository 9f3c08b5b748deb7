//! Sources of keys that are down, unusable or not to be trusted.

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

use crate::issuer::{DAY, Key, OFTEN, Service, at, invalid, jwks, replies, unavailable, url};

/// The log of this thread.
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
async fn keys_are_accepted_for_a_day_while_their_address_is_down() -> anyhow::Result<()> {
    let log = Log::default();
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::fmt().with_writer(log.clone()).finish());
    let (key, new) = (Key::new("1")?, Key::new("2")?);
    let server = KeyServer::start(replies(&[&key])).await?;
    let service = Service::of(&server, OFTEN).await?;
    let token = key.token()?;
    service.call(&token).await?;

    server.replies(Reply::HangUp);
    server.fetched_again().await?;
    service.clock.advance(DAY - Duration::from_secs(60));
    server.fetched_again().await?;
    service.call(&token).await?;
    assert!(service.accepts(&key).await?);
    // The issuer may have this key by now, but that cannot be known.
    assert_eq!(refused(service.call(&new.token()?).await), unavailable());
    assert_eq!((log.lines("accepting the previous ones"), log.lines("no accepted keys are left")), (1, 0));

    service.clock.advance(Duration::from_secs(60));
    for token in [&token, &key.token()?, &new.token()?] {
        assert_eq!(refused(service.call(token).await), unavailable());
    }
    service.running.wait_for(ServingStatus::NotServing).await?;
    server.fetched_again().await?;

    server.replies(replies(&[&key]));
    service.running.wait_for(ServingStatus::Serving).await?;
    service.call(&token).await?;
    assert_eq!((log.lines("accepting the previous ones"), log.lines("no accepted keys are left")), (1, 1));
    assert_eq!(log.lines("keys read"), 2, "at the start and now");
    Ok(())
}

#[tokio::test]
async fn a_service_starts_without_its_issuer_and_becomes_ready_with_it() -> anyhow::Result<()> {
    let key = Key::new("1")?;
    let address = free_address();
    let url = format!("http://{address}/keys").parse()?;
    let service = Service::launch(|identity| at(identity, url, OFTEN)).await?;
    service.running.wait_for(ServingStatus::NotServing).await?;
    assert_eq!(refused(service.call(&key.token()?).await), unavailable());
    let _server = KeyServer::start_at(address, replies(&[&key]), None).await?;
    service.running.wait_for(ServingStatus::Serving).await?;
    assert!(service.accepts(&key).await?);
    Ok(())
}

#[tokio::test]
async fn unusable_responses_keep_the_previous_keys() -> anyhow::Result<()> {
    let (key, evil) = (Key::new("1")?, Key::new("2")?);
    let server = KeyServer::start(replies(&[&key])).await?;
    let elsewhere = KeyServer::start(replies(&[&evil])).await?;
    let service = Service::of(&server, OFTEN).await?;
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
        assert!(service.accepts(&key).await?, "{what}");
        assert!(!service.accepts(&evil).await?, "{what}");
    }
    assert_eq!(elsewhere.fetches(), 0, "redirections are not followed");
    // A JWKS of the largest size is accepted.
    server.replies(Reply::of("200 OK", &large[..256 * 1024]));
    server.fetched_again().await?;
    assert!(service.accepts(&evil).await?);
    Ok(())
}

#[tokio::test]
async fn https_addresses_must_prove_their_names() -> anyhow::Result<()> {
    let (ours, theirs) = (Authority::new()?, Authority::new()?);
    let key = Key::new("1")?;
    let folder = Folder::new()?;
    folder.put("ca.pem", ours.pem())?;
    for (certificate, is_good) in
        [(ours.issue(&["localhost"])?, true), (ours.issue(&["elsewhere"])?, false), (theirs.issue(&["localhost"])?, false)]
    {
        let server = KeyServer::start_at("127.0.0.1:0".parse()?, replies(&[&key]), Some(&certificate)).await?;
        let url = format!("https://localhost:{}/keys", server.address.port()).parse()?;
        let service = Service::launch(|identity| {
            at(identity, url, OFTEN);
            identity.jwks_ca_file = folder.file("ca.pem");
        })
        .await?;
        let expected = if is_good { ServingStatus::Serving } else { ServingStatus::NotServing };
        service.running.wait_for(expected).await?;
        assert_eq!(service.accepts(&key).await?, is_good);
        assert_eq!(server.fetches() > 0, is_good, "nothing is requested from an untrusted server");
    }
    Ok(())
}

#[tokio::test]
async fn unusable_settings_are_refused_at_start() -> anyhow::Result<()> {
    let folder = Folder::new()?;
    let file = folder.put("jwks.json", "rubbish")?;
    let refused = async |change: &dyn Fn(&mut IdentityOptions)| {
        let error = Service::launch(change).await.err().expect("it must not start");
        let message = format!("{error:#}");
        assert!(!message.contains('\n'), "{message}");
        message
    };
    let rubbish = refused(&|identity| identity.user_jwks_file = Some(file.clone())).await;
    assert!(rubbish.contains("jwks.json: it is not a JWKS"), "{rubbish}");
    let missing = refused(&|identity| identity.user_jwks_file = Some(folder.file("none"))).await;
    assert!(missing.contains("none: cannot read it: No such file"), "{missing}");
    let old = refused(&|identity| identity.jwks_stale_limit = identity.jwks_refresh).await;
    assert!(old.contains("--jwks-stale-limit must be longer than --jwks-refresh"), "{old}");
    let authorities = refused(&|identity| {
        at(identity, "https://localhost/keys".parse().expect("an address"), OFTEN);
        identity.jwks_ca_file = folder.file("none.pem");
    })
    .await;
    assert!(authorities.contains("--jwks-ca-file") && authorities.contains("No such file"), "{authorities}");
    Ok(())
}

#[tokio::test]
async fn services_keys_can_come_from_an_address() -> anyhow::Result<()> {
    let key = Key::new("1")?;
    let server = KeyServer::start(replies(&[&key])).await?;
    let url = url(&server)?;
    let service = Service::start(|identity| {
        identity.workload_jwks_file = None;
        identity.workload_jwks_url = Some(url);
    })
    .await?;
    assert_eq!(server.fetches(), 1);
    // A key of services does not verify users' tokens.
    assert_eq!(refused(service.call(&key.token()?).await), invalid());
    Ok(())
}
