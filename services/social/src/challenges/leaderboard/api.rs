//! Use cases of `LeaderboardService`.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::leaderboard_service_server::LeaderboardService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response, Status};

use super::watch::{self, Update};
use super::{reading, wire};
use crate::Api;
use crate::error::Error;
use crate::request;

#[tonic::async_trait]
impl LeaderboardService for Api {
    async fn list_leaderboard(&self, request: Request<pb::ListLeaderboardRequest>) -> Answer<pb::ListLeaderboardResponse> {
        let viewer = Caller::user(&request)?.id;
        let list = wire::list(request.get_ref(), viewer)?;
        let segment = reading::segment(&self.db, &list).await?;
        let (ranks, participants) = (segment.ranks(), segment.participants);
        let page = list.page.page(segment.entries.into_iter().zip(ranks).collect(), |(entry, _)| entry.cursor());
        Ok(Response::new(pb::ListLeaderboardResponse {
            entries: wire::entries(page.rows, viewer),
            next_page_token: page.next_page_token,
            participant_count: wire::count(participants),
        }))
    }

    async fn get_leaderboard_around_me(
        &self,
        request: Request<pb::GetLeaderboardAroundMeRequest>,
    ) -> Answer<pb::GetLeaderboardAroundMeResponse> {
        let viewer = Caller::user(&request)?.id;
        let (challenge, limit) = wire::around(request.get_ref())?;
        let (entries, standing) = reading::around(&self.db, challenge, viewer, limit).await?;
        Ok(Response::new(pb::GetLeaderboardAroundMeResponse {
            entries: wire::entries(entries, viewer),
            standing: Some(wire::standing(standing)),
        }))
    }

    async fn list_friends_leaderboard(
        &self,
        request: Request<pb::ListFriendsLeaderboardRequest>,
    ) -> Answer<pb::ListFriendsLeaderboardResponse> {
        let viewer = Caller::user(&request)?.id;
        let list = wire::friends(request.get_ref(), viewer)?;
        let page = reading::friends(&self.db, &list).await?;
        Ok(Response::new(pb::ListFriendsLeaderboardResponse {
            entries: page.rows.into_iter().map(|friend| wire::friend(friend, viewer)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    type WatchLeaderboardStream = BoxStream<'static, Result<pb::WatchLeaderboardResponse, Status>>;

    async fn watch_leaderboard(&self, request: Request<pb::WatchLeaderboardRequest>) -> Answer<Self::WatchLeaderboardStream> {
        let viewer = Caller::user(&request)?.id;
        let request = request.into_inner();
        let watch = wire::watch::read(&request, viewer)?;
        let answer = move |update: Result<Update, Error>| Ok(wire::watch::response(update?, &request, viewer));
        Ok(Response::new(watch::updates(&self.poller, watch).map(answer).boxed()))
    }

    async fn get_standing(&self, request: Request<pb::GetStandingRequest>) -> Answer<pb::GetStandingResponse> {
        let viewer = Caller::user(&request)?.id;
        let challenge = request::id("challenge_id", &request.get_ref().challenge_id)?;
        let standing = reading::standing(&self.db, challenge, viewer).await?;
        Ok(Response::new(pb::GetStandingResponse { standing: Some(wire::standing(standing)) }))
    }
}
