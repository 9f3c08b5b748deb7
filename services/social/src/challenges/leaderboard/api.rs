//! Use cases of leaderboards.

use diesel_async::RunQueryDsl as _;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::leaderboard_service_server::LeaderboardService;
use orchard_rpc::{Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::ranks::{Around, FriendRow, Friends, Mine, MyRow, Page, Row, stretch};
use super::{Hub, Place, Stretch, around, seek, watch, wire};
use crate::challenges::challenge;
use crate::challenges::challenge::ChallengeError;
use crate::challenges::participant::ParticipantError;
use crate::error::Error;

/// Serves `LeaderboardService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    hub: Hub,
}

impl Api {
    /// Serves leaderboards from `db`, and those that are watched from `hub`.
    pub fn new(db: Db, hub: Hub) -> Self {
        Self { db, hub }
    }

    /// Part of a board, behind `after`, or from `rank` on.
    async fn part(&self, list: &wire::List, viewer: Uuid) -> Result<Stretch, Error> {
        let (challenge, count, rank) = (list.challenge, list.page.fetch(), list.start_rank);
        let page = move |after: Place| Page {
            challenge,
            viewer,
            score: after.score,
            reached_at: after.reached_at,
            participant: after.participant,
            count,
        };
        let rows: Vec<(Row,)> = match list.page.after {
            None if rank > 1 => {
                self.db
                    .snapshot(async move |connection| {
                        let score = seek::below(connection, challenge, rank).await?;
                        Ok::<_, Error>(page(Place::below(score)).load::<(Row,)>(connection).await?)
                    })
                    .await?
            }
            after => {
                let connection = self.db.read().await?;
                let after = after.unwrap_or(Place::below(i32::MAX));
                page(after).load::<(Row,)>(&mut &*connection).await?
            }
        };
        board(rows.into_iter().map(|(row,)| row).collect())
    }
}

/// What rows say of a board that the viewer may see.
fn board(rows: Vec<Row>) -> Result<Stretch, Error> {
    in_use(rows.iter().find_map(|row| row.is_active))?;
    Ok(stretch(rows))
}

/// Whether a challenge has a board: not one that is not known, and not one that was stopped.
fn in_use(is_active: Option<bool>) -> Result<(), Error> {
    match is_active {
        Some(true) => Ok(()),
        Some(false) => Err(challenge::ChallengeError::Inactive.into()),
        None => Err(ChallengeError::NotFound.into()),
    }
}

#[tonic::async_trait]
impl LeaderboardService for Api {
    async fn list_leaderboard(
        &self,
        request: Request<pb::ListLeaderboardRequest>,
    ) -> Result<Response<pb::ListLeaderboardResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let list = wire::list(request.get_ref(), viewer).map_err(Error::from)?;
        let part = self.part(&list, viewer).await?;
        let (ranks, participants) = (part.ranks(), part.participants);
        let page = list.page.page(part.entries.into_iter().zip(ranks).collect(), |(entry, _)| entry.place());
        Ok(Response::new(pb::ListLeaderboardResponse {
            entries: page.rows.into_iter().map(|(entry, rank)| wire::entry(entry, rank, viewer)).collect(),
            next_page_token: page.next_page_token,
            participants: wire::count(participants),
        }))
    }

    async fn get_leaderboard_around_me(
        &self,
        request: Request<pb::GetLeaderboardAroundMeRequest>,
    ) -> Result<Response<pb::GetLeaderboardAroundMeResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let (challenge, limit) = wire::around(request.get_ref()).map_err(Error::from)?;
        let count = i64::try_from(limit).unwrap_or_default();
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows: Vec<(Row, MyRow)> = Around { challenge, viewer, count }.load(&mut &*connection).await.map_err(Error::from)?;
        let (rows, mine): (Vec<Row>, Vec<MyRow>) = rows.into_iter().unzip();
        let part = board(rows)?;
        let (standing, me) =
            mine.into_iter().next().and_then(MyRow::mine).ok_or_else(|| Error::from(ParticipantError::NotParticipating))?;
        let ranks = part.ranks();
        let ahead = part.entries.iter().take_while(|entry| entry.is_ahead_of(&me)).count();
        let from_here = part.entries.len() - ahead;
        let (first, rest) = around(ahead, from_here, limit);
        let entries = part.entries.into_iter().zip(ranks).skip(ahead - first).take(first + rest);
        Ok(Response::new(pb::GetLeaderboardAroundMeResponse {
            entries: entries.map(|(entry, rank)| wire::entry(entry, rank, viewer)).collect(),
            standing: Some(wire::standing(standing)),
        }))
    }

    async fn list_friends_leaderboard(
        &self,
        request: Request<pb::ListFriendsLeaderboardRequest>,
    ) -> Result<Response<pb::ListFriendsLeaderboardResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let (challenge, asked) = wire::friends(request.get_ref(), viewer).map_err(Error::from)?;
        let Place { score, reached_at, participant } = asked.after.unwrap_or(Place::below(i32::MAX));
        let friends = Friends { challenge, viewer, score, reached_at, participant, count: asked.fetch() };
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows: Vec<FriendRow> = friends.load(&mut &*connection).await.map_err(Error::from)?;
        in_use(rows.iter().find_map(|row| row.is_active))?;
        let page = asked.page(rows.into_iter().filter_map(FriendRow::friend).collect(), |friend| friend.entry.place());
        Ok(Response::new(pb::ListFriendsLeaderboardResponse {
            entries: page.rows.into_iter().map(|friend| wire::friend(friend, viewer)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    type WatchLeaderboardStream = BoxStream<'static, Result<pb::WatchLeaderboardResponse, Status>>;

    async fn watch_leaderboard(
        &self,
        request: Request<pb::WatchLeaderboardRequest>,
    ) -> Result<Response<Self::WatchLeaderboardStream>, Status> {
        let viewer = Caller::user(&request)?.id;
        let request = request.into_inner();
        let asked = watch::asked(&request, viewer).map_err(Error::from)?;
        let told = move |update: Result<watch::Update, Error>| Ok(watch::response(update?, &request, viewer));
        Ok(Response::new(watch::watch(&self.hub, asked).map(told).boxed()))
    }

    async fn get_standing(&self, request: Request<pb::GetStandingRequest>) -> Result<Response<pb::GetStandingResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let challenge = Fields::one("challenge_id", read::uuid(&request.get_ref().challenge_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let (is_active, mine): (Option<bool>, MyRow) =
            Mine { challenge, viewer }.get_result(&mut &*connection).await.map_err(Error::from)?;
        in_use(is_active)?;
        let (standing, _) = mine.mine().ok_or_else(|| Error::from(ParticipantError::NotParticipating))?;
        Ok(Response::new(pb::GetStandingResponse { standing: Some(wire::standing(standing)) }))
    }
}
