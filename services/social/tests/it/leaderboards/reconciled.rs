//! `orchard social reconcile`, after writes of a release that does not know what the present one derives.

use std::sync::Arc;
use std::time::Duration;

use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_server::DatabaseOptions;
use orchard_social::{Mended, reconcile};
use orchard_testkit::client::insist;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::moving::{DIFFERENCES, contest};
use super::ranking;
use crate::world::{World, days_ago, id};

const NOTHING: Mended = Mended { profiles: 0, seats: 0, leaderboards: 0 };

impl World {
    fn db(&self) -> anyhow::Result<Db> {
        let database = DatabaseOptions::for_url(self.slice.schema.url(), 2);
        Ok(Db::new(database.url()?, 2, &database.limits())?)
    }
}

#[tokio::test]
async fn what_an_older_release_wrote_is_mended_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (challenge, other) = (world.official(contest()).await?, world.official(contest()).await?);
    let users: Vec<Uuid> = (0..5).map(|_| id()).collect();
    for (score, user) in (1..).zip(&users) {
        world.settle(*user, pb::PrivacyLevel::Public).await?;
        world.join(*user, &challenge).await?;
        world.record(*user, &challenge, days_ago(0), &[], score * 100).await?;
    }
    world.join(users[0], &other).await?;
    let db = world.db()?;
    assert_eq!(reconcile(&db).await?, NOTHING);

    let client = world.slice.schema.connect().await?;
    // A score without a change on the leaderboard, a seat that is not counted, a name and a privacy that are not copied.
    let writes: [(&str, Uuid); 4] = [
        ("UPDATE challenge_participants SET final_score = 1000 WHERE user_id = $1 AND final_score > 0", users[1]),
        ("UPDATE challenge_participants SET completion_status = 'withdrawn' WHERE user_id = $1", users[2]),
        ("UPDATE users SET display_name = 'Renamed' WHERE id = $1", users[3]),
        ("UPDATE users SET privacy_level = 'private' WHERE id = $1", users[4]),
    ];
    for (write, user) in writes {
        assert_eq!(client.execute(write, &[&user]).await?, 1, "{write}");
    }
    assert_eq!(reconcile(&db).await?, Mended { profiles: 2, seats: 1, leaderboards: 1 });
    assert_eq!(reconcile(&db).await?, NOTHING);

    let viewer = id();
    let (entries, participants) = world.board(viewer, &challenge).all(10, 0).await?;
    assert_eq!((ranking(&entries), participants), (vec![(users[1], 1000, 1), (users[3], 400, 2), (users[0], 100, 3)], 3));
    assert_eq!(entries[1].display_name, "Renamed");
    assert_eq!(world.get(viewer, &challenge).await?.participant_count, 4);
    world.folded().await?;
    assert_eq!(client.query_one(DIFFERENCES, &[]).await?.get::<_, i64>(0), 0);
    let none = "SELECT count(*) FROM leaderboard_counts WHERE participants <= 0";
    assert_eq!(client.query_one(none, &[]).await?.get::<_, i64>(0), 0);
    Ok(())
}

/// A recount that saw half of a write, or wrote over one, would mend what was right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconciliation_beside_writers_changes_nothing_that_is_right() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let replica = world.replica(Duration::from_hours(1)).await?;
    let challenge: Arc<str> = world.official(contest()).await?.into();
    let mut writers = JoinSet::new();
    for writer in 0..6_i32 {
        let (world, challenge) = (Arc::clone(&world), Arc::clone(&challenge));
        writers.spawn(async move {
            let user = id();
            for turn in 0..25 {
                insist(|| world.join(user, &challenge)).await?;
                insist(|| world.record(user, &challenge, days_ago(0), &[], writer * 997 + turn * 61)).await?;
                let name = format!("Name {turn}");
                match turn % 5 {
                    1 => drop(insist(|| world.rename(user, &name)).await?),
                    3 => drop(insist(|| world.withdraw(user, &challenge)).await?),
                    _ => {}
                }
            }
            Ok::<_, tonic::Status>(())
        });
    }
    let db = world.db()?;
    let mut runs = 0;
    while !writers.is_empty() {
        assert_eq!(reconcile(&db).await?, NOTHING, "run {runs}");
        runs += 1;
        while let Some(ended) = writers.try_join_next() {
            ended??;
        }
    }
    assert!(runs > 5, "{runs}");
    replica.running.stop().await?;
    Ok(())
}
