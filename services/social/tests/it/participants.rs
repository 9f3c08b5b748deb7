//! Taking, leaving, hiding and listing seats.

use std::sync::Arc;

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::participant_service_client::ParticipantServiceClient;
use orchard_testkit::answer::{refused, violations};
use orchard_testkit::client::{Client, insist};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, days_ago, id, new_challenge};

impl World {
    pub fn participants(&self, user: Uuid) -> ParticipantServiceClient<Client> {
        ParticipantServiceClient::new(self.slice.user(user).expect("client"))
    }

    pub async fn withdraw(&self, user: Uuid, challenge: &str) -> Result<pb::Participant, Status> {
        let request = pb::WithdrawParticipantRequest { challenge_id: challenge.to_owned() };
        Ok(self.participants(user).withdraw_participant(request).await?.into_inner().participant.expect("a participant"))
    }

    pub async fn show(&self, user: Uuid, challenge: &str, is_visible: bool) -> Result<pb::Participant, Status> {
        let request = pb::SetParticipantVisibilityRequest { challenge_id: challenge.to_owned(), is_public: is_visible };
        Ok(self.participants(user).set_participant_visibility(request).await?.into_inner().participant.expect("a participant"))
    }

    pub async fn seat(&self, user: Uuid, challenge: &str) -> Result<pb::Participant, Status> {
        let request = pb::GetParticipantRequest { challenge_id: challenge.to_owned() };
        Ok(self.participants(user).get_participant(request).await?.into_inner().participant.expect("a participant"))
    }

    /// Returns the number of taken seats by the counter of the challenge and by a recount, and the counted number of
    /// participants on its leaderboard.
    async fn seats(&self, challenge: &str) -> anyhow::Result<(i32, i64, i64)> {
        let client = self.slice.schema.connect().await?;
        let query = "SELECT participant_count,
              (SELECT count(*) FROM challenge_participants p WHERE p.challenge_id = c.id AND completion_status <> 'withdrawn'),
              (SELECT coalesce(sum(participants), 0) FROM leaderboard_counts l WHERE l.challenge_id = c.id AND level = 4)
              + (SELECT count(new_score) - count(old_score) FROM leaderboard_changes l WHERE l.challenge_id = c.id)
            FROM community_challenges c WHERE id = $1";
        let row = client.query_one(query, &[&challenge.parse::<Uuid>()?]).await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }
}

fn not_participating() -> (Code, String) {
    (Code::NotFound, "NOT_PARTICIPATING".to_owned())
}

#[tokio::test]
async fn leaving_frees_the_seat_and_keeps_the_score() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (me, other) = (id(), id());
    let request = pb::CreateChallengeRequest { max_participants: Some(1), ..new_challenge() };
    let challenge = world.create(id(), request).await?.challenge_id;
    assert_eq!(refused(world.withdraw(me, &challenge).await), not_participating());
    assert_eq!(refused(world.seat(me, &challenge).await), not_participating());
    world.join(me, &challenge).await?;
    world.record(me, &challenge, days_ago(0), &[("apple", 5)], 0).await?;
    let before = world.seat(me, &challenge).await?;
    assert_eq!((before.final_score, before.completion_status()), (1, pb::CompletionStatus::Active));
    assert_eq!(world.seats(&challenge).await?, (1, 1, 1));
    for _ in 0..2 {
        assert_eq!(world.withdraw(me, &challenge).await?.completion_status(), pb::CompletionStatus::Withdrawn);
        assert_eq!(world.seats(&challenge).await?, (0, 0, 0));
    }
    let left = world.record(me, &challenge, days_ago(1), &[("apple", 5)], 0).await;
    assert_eq!(refused(left), not_participating());
    world.join(other, &challenge).await?;
    assert_eq!(refused(world.join(me, &challenge).await).1, "CHALLENGE_FULL");
    world.withdraw(other, &challenge).await?;
    assert_eq!(world.join(me, &challenge).await?, before);
    assert_eq!(world.seats(&challenge).await?, (1, 1, 1));
    Ok(())
}

#[tokio::test]
async fn finished_participants_cannot_leave() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    let challenge = world.create(id(), new_challenge()).await?.challenge_id;
    world.join(me, &challenge).await?;
    let client = world.slice.schema.connect().await?;
    for status in ["completed", "failed"] {
        client.execute("UPDATE challenge_participants SET completion_status = $1", &[&status]).await?;
        let ended = (Code::FailedPrecondition, "PARTICIPATION_ENDED".to_owned());
        assert_eq!(refused(world.withdraw(me, &challenge).await), ended);
        assert_eq!(world.join(me, &challenge).await?.final_score, 0, "joining returns the seat");
        assert_eq!(refused(world.record(me, &challenge, days_ago(0), &[], 0).await).1, "PARTICIPATION_ENDED");
    }
    Ok(())
}

#[tokio::test]
async fn participants_show_and_hide_themselves() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let me = id();
    let challenge = world.create(id(), new_challenge()).await?.challenge_id;
    assert_eq!(refused(world.show(me, &challenge, false).await), not_participating());
    assert!(world.join(me, &challenge).await?.is_public);
    for (is_visible, on_board) in [(false, 0), (false, 0), (true, 1), (false, 0)] {
        assert_eq!(world.show(me, &challenge, is_visible).await?.is_public, is_visible);
        assert_eq!(world.seats(&challenge).await?, (1, 1, on_board));
    }
    world.withdraw(me, &challenge).await?;
    assert!(world.show(me, &challenge, true).await?.is_public, "the choice applies when they join again");
    assert_eq!(world.seats(&challenge).await?, (0, 0, 0));
    world.join(me, &challenge).await?;
    assert_eq!(world.seats(&challenge).await?, (1, 1, 1));
    Ok(())
}

#[tokio::test]
async fn the_callers_seats_are_listed_latest_first() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    let mut joined = Vec::new();
    for _ in 0..5 {
        let challenge = world.create(id(), new_challenge()).await?.challenge_id;
        world.join(id(), &challenge).await?;
        world.join(me, &challenge).await?;
        joined.insert(0, challenge);
    }
    world.withdraw(me, &joined[2]).await?;
    let list = async |user, status: pb::CompletionStatus, page_size| {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListParticipantsRequest { completion_status: status.into(), page_size, page_token };
            let answer = world.participants(user).list_participants(request).await?.into_inner();
            all.extend(answer.participants.into_iter().map(|seat| seat.challenge_id));
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok::<_, Status>(all);
            }
        }
    };
    use pb::CompletionStatus::{Active, Completed, Unspecified, Withdrawn};
    for page_size in 0..=3 {
        assert_eq!(list(me, Unspecified, page_size).await?, joined);
        assert_eq!(list(me, Withdrawn, page_size).await?, joined[2..3]);
        assert_eq!(list(me, Active, page_size).await?, [&joined[..2], &joined[3..]].concat());
    }
    assert_eq!(list(me, Completed, 0).await?, Vec::<String>::new());
    assert_eq!(list(id(), Unspecified, 0).await?, Vec::<String>::new());
    let bad = pb::ListParticipantsRequest { completion_status: 9, page_size: -1, page_token: "x".to_owned() };
    let paths = ["completion_status", "page_size", "page_token"];
    assert_eq!(violations(world.participants(me).list_participants(bad).await), paths);
    let x = "x".to_owned();
    let request = pb::GetParticipantRequest { challenge_id: x.clone() };
    assert_eq!(violations(world.participants(me).get_participant(request).await), ["challenge_id"]);
    assert_eq!(violations(world.withdraw(me, &x).await), ["challenge_id"]);
    assert_eq!(violations(world.show(me, &x, true).await), ["challenge_id"]);
    Ok(())
}

/// Without the lock on the challenge, its counter does not match the seats.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_joining_and_leaving_keeps_counters_exact() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let request = pb::CreateChallengeRequest { max_participants: Some(5), ..new_challenge() };
    let challenge: Arc<str> = world.create(id(), request).await?.challenge_id.into();
    let mut callers = JoinSet::new();
    for _ in 0..16 {
        let (world, challenge, user) = (Arc::clone(&world), Arc::clone(&challenge), id());
        callers.spawn(async move {
            for round in 0..6 {
                let joined = insist(|| world.join(user, &challenge)).await;
                match joined {
                    Ok(_) if round < 5 => {
                        insist(|| world.show(user, &challenge, round % 2 == 0)).await?;
                        insist(|| world.withdraw(user, &challenge)).await?;
                    }
                    Ok(_) => (),
                    Err(status) => assert_eq!(refused::<()>(Err(status)).1, "CHALLENGE_FULL"),
                }
            }
            Ok::<_, Status>(())
        });
    }
    callers.join_all().await.into_iter().collect::<Result<(), _>>()?;
    let (counted, seated, on_board) = world.seats(&challenge).await?;
    assert_eq!(i64::from(counted), seated);
    assert!((1..=5).contains(&counted), "{counted}");
    let client = world.slice.schema.connect().await?;
    let shown = client.query_one("SELECT count(*) FROM challenge_participants WHERE on_board", &[]).await?;
    assert_eq!(shown.get::<_, i64>(0), on_board);
    Ok(())
}
