//! Use cases of `AvailabilityService`.

use chrono::TimeDelta;
use orchard_db::moment;
use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::availability_service_server::AvailabilityService;
use orchard_rpc::Answer;
use tonic::{Request, Response};
use uuid::Uuid;

use super::next::next_slots;
use super::{AvailabilityError, Range, setting, starts, store, wire};
use crate::error::Error;
use crate::professional::{Viewer, find, find_managed};
use crate::{Api, request};

#[tonic::async_trait]
impl AvailabilityService for Api {
    async fn get_schedule(&self, request: Request<pb::GetScheduleRequest>) -> Answer<pb::GetScheduleResponse> {
        let caller = Viewer::of(&request)?;
        let id = request::id("professional_id", &request.get_ref().professional_id)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        find_managed(&connection, id, caller).await?;
        let found = store::schedule(&connection, id).await.map_err(Error::from)?;
        let schedule = found.ok_or(AvailabilityError::NoSchedule).map_err(Error::from)?.read().map_err(Error::from)?;
        Ok(Response::new(pb::GetScheduleResponse { schedule: Some(wire::schedule(&schedule)) }))
    }

    async fn set_schedule(&self, request: Request<pb::SetScheduleRequest>) -> Answer<pb::SetScheduleResponse> {
        let caller = Viewer::of(&request)?;
        let new = wire::set_schedule(request.into_inner())?;
        let schedule = wire::schedule(&new.schedule);
        setting::set(&self.db, new, caller).await?;
        Ok(Response::new(pb::SetScheduleResponse { schedule: Some(schedule) }))
    }

    async fn list_available_slots(
        &self,
        request: Request<pb::ListAvailableSlotsRequest>,
    ) -> Answer<pb::ListAvailableSlotsResponse> {
        let caller = Viewer::of(&request)?;
        let (id, range, page) = wire::list(request.get_ref(), caller.user)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        find(&connection, id, caller).await?;
        let listed = store::listed_schedules(&connection, &[id]).await.map_err(Error::from)?;
        let Some(schedule) = listed.into_iter().find_map(|(id, stored)| stored?.bookable(id)) else {
            return Ok(Response::new(pb::ListAvailableSlotsResponse::default()));
        };
        let from = page.after.map_or(range.from, |last| last + TimeDelta::microseconds(1));
        let range = Range { from, ..range };
        let mut taken = store::taken(&connection, &[id], range).await.map_err(Error::from)?;
        let now = moment(&connection).await.map_err(Error::from)?;
        let taken = taken.remove(&id).unwrap_or_default();
        // One more tells whether there is another page.
        let starts = starts(&schedule, &taken, range, now).take(page.size + 1).collect();
        let page = page.page(starts, |start| *start);
        Ok(Response::new(pb::ListAvailableSlotsResponse {
            slots: page.rows.into_iter().map(|start| wire::slot(schedule.slot(start))).collect(),
            next_page_token: page.next_page_token,
            time_zone: schedule.zone.name().to_owned(),
        }))
    }

    async fn batch_get_next_slots(
        &self,
        request: Request<pb::BatchGetNextSlotsRequest>,
    ) -> Answer<pb::BatchGetNextSlotsResponse> {
        let ids = wire::batch(request.get_ref())?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let listed = store::listed_schedules(&connection, &ids).await.map_err(Error::from)?;
        let now = moment(&connection).await.map_err(Error::from)?;
        let found = next_slots(&connection, &listed, now).await.map_err(Error::from)?;
        let slot_of = |id: &Uuid| found.get(id).copied().map(wire::slot);
        let next_slots = listed.iter().map(|(id, _)| pb::NextSlot { professional_id: id.to_string(), slot: slot_of(id) });
        let next_slots = next_slots.collect();
        Ok(Response::new(pb::BatchGetNextSlotsResponse { next_slots }))
    }
}
