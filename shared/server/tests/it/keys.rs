//! Keys that change, and tokens that were verified before they did.

use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use orchard_testkit::answer::refused;
use orchard_testkit::folder::Folder;
use orchard_testkit::jwks::{KeyServer, Reply};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::Code;

use crate::issuer::{Believer, DAY, Key, OFTEN, invalid, jwks, replies};

const MINUTES: Duration = Duration::from_secs(300);
/// Until unknown keys may have the set fetched again.
const PAUSE: Duration = Duration::from_secs(10);

/// A volume as Kubernetes mounts it: files lead to a folder that is swapped as a whole.
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
async fn a_file_changes_under_way() -> anyhow::Result<()> {
    let (old, new) = (Key::new("1")?, Key::new("2")?);
    let volume = Volume::new(&jwks(&[&old]).to_string())?;
    let service = Believer::start(|identity| {
        identity.user_jwks_file = Some(volume.0.file("jwks.json"));
        identity.jwks_refresh = OFTEN;
    })
    .await?;
    let token = old.token()?;
    service.call(&token).await?;
    volume.swap("..2", &jwks(&[&new]).to_string())?;
    // Verified before, and its key is gone.
    assert_eq!(service.refuses(&token).await?, invalid());
    assert!(service.believes(&new).await?);
    for (version, text) in [("..3", "rubbish"), ("..4", "{\"keys\": []}")] {
        volume.swap(version, text)?;
        tokio::time::sleep(5 * OFTEN).await;
        assert!(service.believes(&new).await?, "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn an_address_is_fetched_again_and_a_key_that_is_gone_takes_its_tokens_along() -> anyhow::Result<()> {
    let (old, new) = (Key::new("1")?, Key::new("2")?);
    let server = KeyServer::start(replies(&[&old])).await?;
    let service = Believer::of(&server, OFTEN).await?;
    let token = old.token()?;
    service.call(&token).await?;
    server.replies(replies(&[&old, &new]));
    server.fetched_again().await?;
    service.call(&token).await?;
    assert!(service.believes(&new).await?);
    server.replies(replies(&[&new]));
    server.fetched_again().await?;
    assert_eq!(refused(service.call(&token).await), invalid());
    assert!(service.believes(&new).await?);
    // Another key under the same id.
    let other = Key::new("2")?;
    let token = new.token()?;
    service.call(&token).await?;
    server.replies(replies(&[&other]));
    server.fetched_again().await?;
    assert_eq!(refused(service.call(&token).await), invalid());
    Ok(())
}

#[tokio::test]
async fn callers_with_an_unknown_key_share_one_fetch_and_nobody_else_waits() -> anyhow::Result<()> {
    let (old, new, strange) = (Key::new("1")?, Key::new("2")?, Key::new("3")?);
    let server = KeyServer::start(replies(&[&old])).await?;
    let service = Arc::new(Believer::of(&server, MINUTES).await?);
    assert_eq!(server.fetches(), 1);
    let gate = Arc::new(Semaphore::new(0));
    server.replies(Reply::Gated(Arc::clone(&gate), Box::new(replies(&[&old, &new]))));

    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let (service, token) = (Arc::clone(&service), new.token()?);
        waiting.spawn(async move { service.call(&token).await });
    }
    server.fetched(2).await?;
    // The fetch stands still, and whoever has a known key is answered.
    assert!(timeout(Duration::from_secs(10), service.believes(&old)).await??);
    assert!(waiting.try_join_next().is_none());
    gate.add_permits(1_000);
    for answer in waiting.join_all().await {
        assert_eq!(answer?, "hello");
    }
    assert_eq!(server.fetches(), 2, "one for all");

    // As many as there may be have no more than one fetch in ten seconds, and are refused at once.
    for fetches in [2, 3] {
        let rubbish: Vec<_> = (0..50).map(|_| strange.token()).collect::<Result<_, _>>()?;
        for answer in join_all(rubbish.iter().map(|token| service.call(token))).await {
            assert_eq!(refused(answer), invalid());
        }
        assert_eq!(server.fetches(), fetches);
        service.clock.advance(PAUSE);
    }
    // The pause is over: a key that came meanwhile is found.
    server.replies(replies(&[&strange]));
    assert!(service.believes(&strange).await?);
    assert_eq!(server.fetches(), 4);
    Ok(())
}

/// A caller waits for a fetch no longer than its deadline.
#[tokio::test]
async fn a_fetch_that_stands_still_ends_with_the_callers_deadline() -> anyhow::Result<()> {
    let (old, new) = (Key::new("1")?, Key::new("2")?);
    let server = KeyServer::start(replies(&[&old])).await?;
    let service = Believer::of(&server, MINUTES).await?;
    server.replies(Reply::Gated(Arc::new(Semaphore::new(0)), Box::new(Reply::HangUp)));
    let mut client = service.client(&new.token()?)?;
    let request = crate::world::within(Duration::from_millis(200), Default::default());
    assert_eq!(refused(client.read(request).await), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    Ok(())
}

#[tokio::test]
async fn what_was_verified_expires_all_the_same() -> anyhow::Result<()> {
    let key = Key::new("1")?;
    let server = KeyServer::start(replies(&[&key])).await?;
    let service = Believer::of(&server, MINUTES).await?;
    let token = key.token_for(Duration::from_secs(600))?;
    for _ in 0..2 {
        service.call(&token).await?;
    }
    service.clock.advance(Duration::from_secs(606));
    let expired = (Code::Unauthenticated, "TOKEN_EXPIRED".to_owned());
    assert_eq!(refused(service.call(&token).await), expired);
    assert_eq!(refused(service.call(&key.token_for(Duration::from_secs(1))?).await), expired);
    service.clock.advance(DAY / 2);
    assert!(service.believes(&key).await?);
    Ok(())
}

/// A token that differs from a verified one in its last character, or is another's but for its signature, is not that one.
#[tokio::test]
async fn a_verified_token_vouches_for_no_other() -> anyhow::Result<()> {
    let key = Key::new("1")?;
    let server = KeyServer::start(replies(&[&key])).await?;
    let service = Believer::of(&server, MINUTES).await?;
    let (token, other) = (key.token()?, key.token()?);
    service.call(&token).await?;
    let (claims, signature) = token.rsplit_once('.').expect("a signature");
    let (others_claims, _) = other.rsplit_once('.').expect("a signature");
    for forged in [format!("{others_claims}.{signature}"), format!("{claims}."), format!("{token}A")] {
        assert_eq!(refused(service.call(&forged).await), invalid(), "{forged}");
    }
    Ok(())
}
