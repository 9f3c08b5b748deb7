//! Use cases of `StandingService`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::standing_service_server::StandingService;
use orchard_rpc::{Answer, Page, PageRequest};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Standing, store, wire};
use crate::Api;
use crate::challenges::challenge::{self, ChallengeView};
use crate::error::Error;
use crate::people::profile::{self, ProfileError};
use crate::request;

impl Api {
    async fn list_standings(
        &self,
        user: Uuid,
        viewer: Uuid,
        page: &PageRequest<(DateTime<Utc>, Uuid)>,
    ) -> Result<Page<(ChallengeView, Standing)>, Error> {
        let connection = self.db.read().await?;
        if user != viewer && !profile::store::is_visible(&connection, user, viewer).await? {
            return Err(ProfileError::NotFound.into());
        }
        let seats = store::standings(&connection, user, viewer, page.after, page.fetch()).await?;
        let Page { rows, next_page_token } = page.page(seats, |seat| (seat.joined_at, seat.id));
        let ids: Vec<Uuid> = rows.iter().map(|seat| seat.challenge).collect();
        let views = challenge::store::batch_get(&connection, &ids, viewer).await?;
        let mut views: HashMap<Uuid, ChallengeView> = views.into_iter().map(|view| (view.challenge.id, view)).collect();
        // A challenge that the viewer may no longer read, since a moment ago, is left out.
        let rows = rows.into_iter().filter_map(|seat| Some((views.remove(&seat.challenge)?, seat.standing))).collect();
        Ok(Page { rows, next_page_token })
    }
}

#[tonic::async_trait]
impl StandingService for Api {
    async fn list_standings(&self, request: Request<pb::ListStandingsRequest>) -> Answer<pb::ListStandingsResponse> {
        let viewer = Caller::user(&request)?;
        let pb::ListStandingsRequest { user_id, page_size, page_token } = request.into_inner();
        let (user, page) = request::user_and_page("ListStandings", viewer.id, &user_id, (page_size, &page_token))?;
        let page = self.list_standings(user, viewer.id, &page).await?;
        let standing = |(view, standing)| pb::ChallengeStanding {
            challenge: self.challenge(view, &viewer),
            standing: Some(wire::standing(standing)),
        };
        Ok(Response::new(pb::ListStandingsResponse {
            standings: page.rows.into_iter().map(standing).collect(),
            next_page_token: page.next_page_token,
        }))
    }
}
