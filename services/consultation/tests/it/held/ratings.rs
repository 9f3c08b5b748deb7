//! Ratings of sessions.

use std::sync::Arc;

use orchard_testkit::answer::{refused, violations};
use tokio::task::JoinSet;
use tonic::Code;

use super::Case;
use crate::world::Someone::User;
use crate::world::{World, id, insist};

#[tokio::test]
async fn a_completed_session_is_rated_once_by_its_client() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let Case { practice, client, session } = world.case().await?;
    world.complete(practice.account, &session).await?;
    for rating in [0, 6, -1] {
        assert_eq!(violations(world.rate(client, &session, rating, "").await), ["rating"]);
    }
    assert_eq!(violations(world.rate(client, &session, 5, &"x".repeat(2_001)).await), ["feedback_text"]);
    let not_client = (Code::PermissionDenied, "NOT_CLIENT".to_owned());
    assert_eq!(refused(world.rate(practice.account, &session, 5, "").await), not_client);
    assert_eq!(refused(world.rate(id(), &session, 5, "").await), (Code::NotFound, "SESSION_NOT_FOUND".to_owned()));
    let rated = world.rate(client, &session, 4, "Kind").await?;
    assert_eq!((rated.user_feedback_rating, rated.user_feedback_text.as_str()), (Some(4), "Kind"));
    assert_eq!(world.rate(client, &session, 4, "Kind").await?, rated);
    for (rating, text) in [(5, "Kind"), (4, "Kinder"), (4, "")] {
        let given = (Code::AlreadyExists, "FEEDBACK_GIVEN".to_owned());
        assert_eq!(refused(world.rate(client, &session, rating, text).await), given);
    }
    let seen = world.session(practice.account, &session.session_id).await?;
    assert_eq!(seen, rated, "the professional reads it");
    let professional = world.get(User(id()), &practice.id).await?;
    assert_eq!((professional.rating_average, professional.total_consultations), (Some(4.0), 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mean_and_number_equal_a_recount() -> anyhow::Result<()> {
    let world = Arc::new(World::with_family().await?);
    let practice = world.practice().await?;
    let mut sessions = Vec::new();
    for hour in 0..24 {
        let client = id();
        let session = world.book(client, &practice, crate::practice::hours(24 + hour)).await?;
        sessions.push((client, world.bring_forward(client, &session, 100).await?));
    }
    let mut calls = JoinSet::new();
    for (number, (client, session)) in sessions.into_iter().enumerate() {
        let (world, account) = (Arc::clone(&world), practice.account);
        calls.spawn(async move {
            insist(|| world.complete(account, &session)).await?;
            let stars = i32::try_from(number % 5).unwrap_or_default() + 1;
            // Twice at once: one of the two finds it done.
            let (first, second) = tokio::join!(
                insist(|| world.rate(client, &session, stars, "")),
                insist(|| world.rate(client, &session, stars, "")),
            );
            first.and(second).map(drop)
        });
    }
    for done in calls.join_all().await {
        done?;
    }
    let recount =
        "SELECT count(*) FROM health_professionals p, (SELECT count(*) AS completed, count(user_feedback_rating) AS rated,
          sum(user_feedback_rating) AS stars, round(avg(user_feedback_rating), 2) AS mean FROM consultation_sessions) s
        WHERE (p.total_consultations, p.rating_count, p.rating_sum, p.rating_average) = (s.completed, s.rated, s.stars, s.mean)
          AND s.rated = 24";
    assert_eq!(world.count(recount).await?, 1);
    assert_eq!(world.get(User(id()), &practice.id).await?.rating_average, Some(2.92));
    Ok(())
}
