//! What watchers cannot find out.

use super::*;

/// Returns the keys and names of a watched leaderboard.
fn keys(watcher: &Watcher) -> BTreeMap<String, String> {
    let name = |watched: &pb::WatchedEntry| watched.entry.clone().map(|entry| entry.display_name).unwrap_or_default();
    watcher.entries.iter().map(|(key, watched)| (name(watched), key.clone())).collect()
}

#[tokio::test]
async fn a_key_does_not_lead_from_a_name_to_the_pseudonym_after_it() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (challenge, [ann, _]) = world.contest([("ann", 30, Public), ("bob", 20, Public)]).await?;
    let mut watching = watch(&world.slice, id(), of(&challenge)).await?;
    let mut other = watch(&world.slice, id(), of(&challenge)).await?;
    watching.next().await?;
    other.next().await?;
    let before = keys(&watching);
    assert!(before.values().all(|key| !keys(&other).values().any(|others| others == key)), "each watcher has other keys");
    world.settle(ann, FriendsOnly).await?;
    watching.until(|board| !names(board).contains(&"ann")).await?;
    let after = keys(&watching);
    assert_eq!(after.get("bob"), before.get("bob"), "the key of an entry that is still shown stays");
    assert!(!after.values().any(|key| *key == before["ann"]), "{before:?} {after:?}");
    Ok(())
}

#[tokio::test]
async fn a_stopped_private_challenge_is_not_found_by_strangers() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    let private = pb::CreateChallengeRequest { is_public: Some(false), ..new_challenge() };
    let challenge = world.create(me, private).await?.challenge_id;
    let deactivate = pb::DeactivateChallengeRequest { challenge_id: challenge.clone() };
    world.challenges(me)?.deactivate_challenge(deactivate).await?;
    for (viewer, answer) in [
        (id(), (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned())),
        (me, (Code::FailedPrecondition, "CHALLENGE_INACTIVE".to_owned())),
    ] {
        let mut watching = watch(&world.slice, viewer, of(&challenge)).await?;
        assert_eq!(refused(watching.next().await), answer);
    }
    Ok(())
}
