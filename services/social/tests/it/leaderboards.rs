//! Leaderboards.

mod moving;
mod ranked;
mod reconciled;
mod seen;

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::leaderboard_service_client::LeaderboardServiceClient;
use orchard_testkit::client::{Client, insist};
use orchard_testkit::service::SliceUnderTest;
use tonic::Status;
use uuid::Uuid;

use crate::world::World;

/// A leaderboard as one viewer reads it from one replica.
pub struct Viewer {
    client: LeaderboardServiceClient<Client>,
    challenge_id: String,
}

impl Viewer {
    pub fn at(slice: &SliceUnderTest, user: Uuid, challenge: &str) -> Self {
        let client = LeaderboardServiceClient::new(slice.user(user).expect("client"));
        Self { client, challenge_id: challenge.to_owned() }
    }

    pub async fn page(
        &mut self,
        page_size: i32,
        page_token: &str,
        start_rank: i32,
    ) -> Result<pb::ListLeaderboardResponse, Status> {
        let (challenge_id, page_token) = (self.challenge_id.clone(), page_token.to_owned());
        let request = pb::ListLeaderboardRequest { challenge_id, page_size, page_token, start_rank };
        let answer = insist(|| {
            let (mut client, request) = (self.client.clone(), request.clone());
            async move { client.list_leaderboard(request).await }
        });
        Ok(answer.await?.into_inner())
    }

    /// Returns the entries of all pages, and the number of participants by the last page.
    pub async fn all(&mut self, page_size: i32, start_rank: i32) -> Result<(Vec<pb::LeaderboardEntry>, i32), Status> {
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let page = self.page(page_size, &token, start_rank).await?;
            all.extend(page.entries);
            token = page.next_page_token;
            if token.is_empty() {
                return Ok((all, page.participant_count));
            }
        }
    }

    pub async fn around(&mut self, limit: i32) -> Result<(Vec<pb::LeaderboardEntry>, pb::Standing), Status> {
        let request = pb::GetLeaderboardAroundMeRequest { challenge_id: self.challenge_id.clone(), limit };
        let answer = self.client.get_leaderboard_around_me(request).await?.into_inner();
        Ok((answer.entries, answer.standing.expect("a standing")))
    }

    pub async fn standing(&mut self) -> Result<pb::Standing, Status> {
        let request = pb::GetStandingRequest { challenge_id: self.challenge_id.clone() };
        Ok(self.client.get_standing(request).await?.into_inner().standing.expect("a standing"))
    }

    pub async fn friends(&mut self, page_size: i32) -> Result<Vec<pb::FriendEntry>, Status> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let challenge_id = self.challenge_id.clone();
            let request = pb::ListFriendsLeaderboardRequest { challenge_id, page_size, page_token };
            let page = self.client.list_friends_leaderboard(request).await?.into_inner();
            all.extend(page.entries);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }
}

impl World {
    pub fn board(&self, user: Uuid, challenge: &str) -> Viewer {
        Viewer::at(&self.slice, user, challenge)
    }

    /// Inserts participants with public profiles and these scores, without calls, which would take too long.
    pub async fn seeded(&self, challenge: &str, scores: &[i32]) -> anyhow::Result<Vec<Uuid>> {
        let client = self.slice.schema.connect().await?;
        let challenge: Uuid = challenge.parse()?;
        let users: Vec<Uuid> = scores.iter().map(|_| Uuid::new_v4()).collect();
        let add = "INSERT INTO users (id, privacy_level, display_name)
            SELECT u, 'public', 'N' || n FROM unnest($1::uuid[]) WITH ORDINALITY AS one (u, n)";
        client.execute(add, &[&users]).await?;
        let seats =
            "INSERT INTO challenge_participants (challenge_id, user_id, final_score, display_name, shown_to, score_reached_at)
            SELECT $1, u, s, 'N' || n, 'everyone', now() + (n % 3) * interval '1 s'
            FROM unnest($2::uuid[], $3::int[]) WITH ORDINALITY AS one (u, s, n)";
        client.execute(seats, &[&challenge, &users, &scores]).await?;
        let taken =
            "UPDATE community_challenges SET participant_count = participant_count + $2, updated_at = now() WHERE id = $1";
        client.execute(taken, &[&challenge, &i32::try_from(scores.len())?]).await?;
        let changes = "INSERT INTO leaderboard_changes (challenge_id, new_score) SELECT $1, unnest($2::int[])";
        client.execute(changes, &[&challenge, &scores]).await?;
        Ok(users)
    }

    /// Waits until all changes are folded into the counts.
    pub async fn folded(&self) -> anyhow::Result<()> {
        let client = self.slice.schema.connect().await?;
        let left = "SELECT count(*) FROM leaderboard_changes";
        self.until(async || Ok(client.query_one(left, &[]).await?.get::<_, i64>(0) == 0)).await
    }

    /// Returns user, score and rank of each entry, in order, by a plain count.
    pub async fn recount(&self, challenge: &str) -> anyhow::Result<Vec<(Uuid, i32, i32)>> {
        let client = self.slice.schema.connect().await?;
        let rows = client
            .query(
                "SELECT p.user_id, p.final_score FROM challenge_participants p JOIN users u ON u.id = p.user_id
                 WHERE challenge_id = $1 AND completion_status <> 'withdrawn' AND is_visible AND privacy_level <> 'private'
                 ORDER BY final_score DESC, score_reached_at, p.id",
                &[&challenge.parse::<Uuid>()?],
            )
            .await?;
        let all: Vec<(Uuid, i32)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let rank = |score: i32| 1 + all.iter().filter(|(_, other)| *other > score).count();
        all.iter().map(|(user, score)| Ok((*user, *score, i32::try_from(rank(*score))?))).collect()
    }
}

/// Returns user, score and rank of entries whose names are shown.
pub fn ranking(entries: &[pb::LeaderboardEntry]) -> Vec<(Uuid, i32, i32)> {
    entries.iter().map(|entry| (entry.user_id.parse().unwrap_or_default(), entry.final_score, entry.rank)).collect()
}
