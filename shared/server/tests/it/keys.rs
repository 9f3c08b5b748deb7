//! Keys that change, and tokens that were verified before the change.

use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use orchard_testkit::answer::refused;
use orchard_testkit::folder::Folder;
use orchard_testkit::jwks::{KeyServer, Reply};
use orchard_testkit::keys::{AUDIENCE, Signer, USER_ISSUER};
use orchard_testkit::probe::Probe;
use orchard_testkit::raw::Raw;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::{Code, Request};
use uuid::Uuid;

use crate::issuer::{DAY, Key, OFTEN, Service, invalid, jwks, replies};
use crate::world::{World, read};

const MINUTES: Duration = Duration::from_secs(300);
/// The least time between fetches that unknown keys cause.
const PAUSE: Duration = Duration::from_secs(10);

/// A volume as Kubernetes mounts it: its files are links into a folder that is replaced as a whole.
struct Volume(Folder);

impl Volume {
    fn new(text: &str) -> anyhow::Result<Self> {
        let volume = Self(Folder::new()?);
        volume.swap("..1", text)?;
        symlink("..data/jwks.json", volume.0.file("jwks.json"))?;
        Ok(volume)
    }

    fn swap(&self, version: &str, text: &str) -> anyhow::Result<()> {
        std::fs::create_dir(self.0.file(version))?;
        std::fs::write(self.0.file(version).join("jwks.json"), text)?;
        symlink(version, self.0.file("..data.new"))?;
        Ok(std::fs::rename(self.0.file("..data.new"), self.0.file("..data"))?)
    }
}

#[tokio::test]
async fn a_changed_file_replaces_the_keys() -> anyhow::Result<()> {
    let (old, new) = (Key::new("1")?, Key::new("2")?);
    let volume = Volume::new(&jwks(&[&old]).to_string())?;
    let service = Service::start(|identity| {
        identity.user_jwks_file = Some(volume.0.file("jwks.json"));
        identity.jwks_refresh = OFTEN;
    })
    .await?;
    let token = old.token()?;
    service.call(&token).await?;
    volume.swap("..2", &jwks(&[&new]).to_string())?;
    // The token was verified before, but its key is gone.
    assert_eq!(service.refuses(&token).await?, invalid());
    assert!(service.accepts(&new).await?);
    for (version, text) in [("..3", "rubbish"), ("..4", "{\"keys\": []}")] {
        volume.swap(version, text)?;
        tokio::time::sleep(5 * OFTEN).await;
        assert!(service.accepts(&new).await?, "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_removed_from_the_address_invalidates_its_tokens() -> anyhow::Result<()> {
    let (old, new) = (Key::new("1")?, Key::new("2")?);
    let server = KeyServer::start(replies(&[&old])).await?;
    let service = Service::of(&server, OFTEN).await?;
    let token = old.token()?;
    service.call(&token).await?;
    server.replies(replies(&[&old, &new]));
    server.fetched_again().await?;
    service.call(&token).await?;
    assert!(service.accepts(&new).await?);
    server.replies(replies(&[&new]));
    server.fetched_again().await?;
    assert_eq!(refused(service.call(&token).await), invalid());
    assert!(service.accepts(&new).await?);
    // A different key with the same id.
    let other = Key::new("2")?;
    let token = new.token()?;
    service.call(&token).await?;
    server.replies(replies(&[&other]));
    server.fetched_again().await?;
    assert_eq!(refused(service.call(&token).await), invalid());
    Ok(())
}

#[tokio::test]
async fn callers_with_an_unknown_key_share_one_fetch_and_other_callers_do_not_wait() -> anyhow::Result<()> {
    let (old, new, strange) = (Key::new("1")?, Key::new("2")?, Key::new("3")?);
    let server = KeyServer::start(replies(&[&old])).await?;
    let service = Arc::new(Service::of(&server, MINUTES).await?);
    assert_eq!(server.fetches(), 1);
    let gate = Arc::new(Semaphore::new(0));
    server.replies(Reply::Gated(Arc::clone(&gate), Box::new(replies(&[&old, &new]))));

    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let (service, token) = (Arc::clone(&service), new.token()?);
        waiting.spawn(async move { service.call(&token).await });
    }
    server.fetched(2).await?;
    // The fetch hangs, and callers with a known key are answered.
    assert!(timeout(Duration::from_secs(10), service.accepts(&old)).await??);
    assert!(waiting.try_join_next().is_none());
    gate.add_permits(1_000);
    for answer in waiting.join_all().await {
        assert_eq!(answer?, "hello");
    }
    assert_eq!(server.fetches(), 2, "one fetch for all");

    // Any number of them cause at most one fetch in ten seconds, and are refused at once.
    for fetches in [2, 3] {
        let rubbish: Vec<_> = (0..50).map(|_| strange.token()).collect::<Result<_, _>>()?;
        for answer in join_all(rubbish.iter().map(|token| service.call(token))).await {
            assert_eq!(refused(answer), invalid());
        }
        assert_eq!(server.fetches(), fetches);
        service.clock.advance(PAUSE);
    }
    // After the pause, a new key is found.
    server.replies(replies(&[&strange]));
    assert!(service.accepts(&strange).await?);
    assert_eq!(server.fetches(), 4);
    Ok(())
}

#[tokio::test]
async fn a_caller_waits_for_a_hanging_fetch_until_its_deadline() -> anyhow::Result<()> {
    let (old, new) = (Key::new("1")?, Key::new("2")?);
    let server = KeyServer::start(replies(&[&old])).await?;
    let service = Service::of(&server, MINUTES).await?;
    server.replies(Reply::Gated(Arc::new(Semaphore::new(0)), Box::new(Reply::HangUp)));
    // A raw call, whose deadline only the server reads: an ordinary client also gives up by itself.
    let answer = Raw::open(service.running.address, &new.token()?).await?.call("Read", "hello", "200m").await?;
    assert_eq!(answer, (Some(Code::DeadlineExceeded), "DEADLINE_EXCEEDED".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_verified_token_expires() -> anyhow::Result<()> {
    let key = Key::new("1")?;
    let server = KeyServer::start(replies(&[&key])).await?;
    let service = Service::of(&server, MINUTES).await?;
    let token = key.token_for(Duration::from_secs(600))?;
    for _ in 0..2 {
        service.call(&token).await?;
    }
    service.clock.advance(Duration::from_secs(606));
    let expired = (Code::Unauthenticated, "TOKEN_EXPIRED".to_owned());
    assert_eq!(refused(service.call(&token).await), expired);
    assert_eq!(refused(service.call(&key.token_for(Duration::from_secs(1))?).await), expired);
    service.clock.advance(DAY / 2);
    assert!(service.accepts(&key).await?);
    Ok(())
}

/// Tests another token's claims with the verified signature, a missing signature, and an additional character.
#[tokio::test]
async fn a_verified_token_does_not_validate_similar_ones() -> anyhow::Result<()> {
    let key = Key::new("1")?;
    let server = KeyServer::start(replies(&[&key])).await?;
    let service = Service::of(&server, MINUTES).await?;
    let (token, other) = (key.token()?, key.token()?);
    service.call(&token).await?;
    let (claims, signature) = token.rsplit_once('.').expect("a signature");
    let (others_claims, _) = other.rsplit_once('.').expect("a signature");
    for forged in [format!("{others_claims}.{signature}"), format!("{claims}."), format!("{token}A")] {
        assert_eq!(refused(service.call(&forged).await), invalid(), "{forged}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_with_a_critical_extension_is_refused() -> anyhow::Result<()> {
    let world = World::start(Probe::new(|request: Request<String>| async { Ok(request.into_inner()) })).await?;
    let id = &world.keys.user_jwks()["keys"][0]["kid"];
    let now = std::time::UNIX_EPOCH.elapsed()?.as_secs();
    let claims = json!({ "iss": USER_ISSUER, "aud": AUDIENCE, "sub": Uuid::new_v4().to_string(), "exp": now + 60 });
    let mut header = json!({ "alg": "EdDSA", "kid": id });
    let call = async |token: String| read(&mut world.client_of(&token).expect("a client"), "hello").await;
    assert_eq!(call(world.keys.sign_raw(Signer::Users, &header, &claims)?).await?, "hello");
    header["crit"] = json!(["b64"]);
    header["b64"] = json!(false);
    assert_eq!(refused(call(world.keys.sign_raw(Signer::Users, &header, &claims)?).await), invalid());
    Ok(())
}
