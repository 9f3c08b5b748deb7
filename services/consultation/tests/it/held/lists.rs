//! Lists of sessions.

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::violations;
use tonic::Status;
use uuid::Uuid;

use crate::practice::{hours, wire};
use crate::world::{World, id};

impl World {
    async fn mine(&self, user: Uuid, request: pb::ListMySessionsRequest) -> Result<pb::ListMySessionsResponse, Status> {
        Ok(self.sessions(user).list_my_sessions(request).await?.into_inner())
    }
}

fn ids(sessions: &[pb::Session]) -> Vec<&str> {
    sessions.iter().map(|session| session.session_id.as_str()).collect()
}

#[tokio::test]
async fn each_lists_their_own_the_latest_first() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let mut sessions = Vec::new();
    for hour in 0..5 {
        sessions.push(world.book(client, &practice, hours(24 + hour)).await?);
    }
    world.book(id(), &practice, hours(40)).await?;
    world.note(practice.account, &sessions[0], "Canary").await?;
    world.cancel(client, &sessions[1]).await?;
    let database = world.slice.schema.connect().await?;
    let rated = "UPDATE consultation_sessions SET session_status = 'completed', user_feedback_rating = 5,
        user_feedback_text = 'Canary', updated_at = now() WHERE id = $1";
    database.execute(rated, &[&sessions[0].session_id.parse::<Uuid>()?]).await?;
    let latest_first: Vec<&str> = ids(&sessions).into_iter().rev().collect();

    let all = world.mine(client, pb::ListMySessionsRequest::default()).await?;
    assert_eq!((ids(&all.sessions), all.next_page_token.as_str()), (latest_first.clone(), ""));
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = pb::ListMySessionsRequest { page_size: 2, page_token: page_token.clone(), ..Default::default() };
        let page = world.mine(client, page).await?;
        found.extend(page.sessions);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, all.sessions);
    let cancelled = pb::ListMySessionsRequest { session_status: pb::SessionStatus::Cancelled.into(), ..Default::default() };
    assert_eq!(ids(&world.mine(client, cancelled).await?.sessions), [sessions[1].session_id.as_str()]);
    let range = pb::ListMySessionsRequest { from_time: wire(hours(25)), to_time: wire(hours(27)), ..Default::default() };
    assert_eq!(ids(&world.mine(client, range).await?.sessions), &latest_first[2..4]);

    let other = world.practice().await?;
    let elsewhere = world.book(client, &other, hours(60)).await?;
    let with =
        |professional_id: &str| pb::ListMySessionsRequest { professional_id: professional_id.to_owned(), ..Default::default() };
    assert_eq!(ids(&world.mine(client, with(&other.id)).await?.sessions), [elsewhere.session_id.as_str()]);
    assert_eq!(ids(&world.mine(client, with(&practice.id)).await?.sessions), latest_first);
    assert_eq!(world.mine(client, with(&id().to_string())).await?.sessions, []);

    let theirs = pb::ListProfessionalSessionsRequest::default();
    let theirs = world.sessions(practice.account).list_professional_sessions(theirs).await?.into_inner().sessions;
    assert_eq!(theirs.len(), 6);
    assert!(theirs.iter().chain(&all.sessions).all(|session| !format!("{session:?}").contains("Canary")));
    // Neither list is the other one's.
    assert_eq!(world.mine(practice.account, pb::ListMySessionsRequest::default()).await?.sessions, []);
    let none = pb::ListProfessionalSessionsRequest::default();
    assert_eq!(world.sessions(client).list_professional_sessions(none).await?.into_inner().sessions, []);
    let bad = pb::ListMySessionsRequest {
        session_status: 9,
        from_time: Some(prost_types::Timestamp { seconds: -1, nanos: 0 }),
        page_size: -1,
        page_token: "x".to_owned(),
        professional_id: "x".to_owned(),
        ..Default::default()
    };
    let paths = ["session_status", "from_time", "professional_id", "page_size", "page_token"];
    assert_eq!(violations(world.mine(client, bad).await), paths);
    Ok(())
}
