//! Use cases of `AvailabilityService`.

use chrono::{DateTime, TimeDelta, Utc};
use orchard_db::moment;
use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::availability_service_server::AvailabilityService;
use orchard_rpc::Answer;
use tonic::{Request, Response};

use super::{AvailabilityError, Range, Schedule, Taken, setting, starts, store, wire};
use crate::error::Error;
use crate::professional::{Viewer, find, find_managed};
use crate::{Api, request};

/// The days in which the next slot is looked for, a few first: most professionals have one soon.
const NEXT_WITHIN: [TimeDelta; 3] = [TimeDelta::days(2), TimeDelta::days(14), wire::LONGEST_RANGE];

/// Returns the first start from `now` on, if there is one within the longest range.
fn next(schedule: &Schedule, taken: &[Taken], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let first = |within| starts(schedule, taken, Range { from: now, to: now + within }, now).into_iter().next();
    NEXT_WITHIN.into_iter().find_map(first)
}

#[tonic::async_trait]
impl AvailabilityService for Api {
    async fn get_schedule(&self, request: Request<pb::GetScheduleRequest>) -> Answer<pb::GetScheduleResponse> {
        let caller = Viewer::of(&request)?;
        let id = request::id("professional_id", &request.get_ref().professional_id)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        find_managed(&connection, id, caller).await?;
        let found = store::stored(&connection, id).await.map_err(Error::from)?;
        let schedule = found.ok_or(AvailabilityError::NoSchedule).map_err(Error::from)?;
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
        let Some(schedule) = listed.into_iter().find_map(|(_, schedule)| schedule) else {
            return Ok(Response::new(pb::ListAvailableSlotsResponse::default()));
        };
        let from = page.after.map_or(range.from, |last| last + TimeDelta::microseconds(1));
        let range = Range { from, ..range };
        let mut taken = store::taken(&connection, &[id], range).await.map_err(Error::from)?;
        let now = moment(&connection).await.map_err(Error::from)?;
        let starts = starts(&schedule, &taken.remove(&id).unwrap_or_default(), range, now);
        let page = page.page(starts, |start| *start);
        Ok(Response::new(pb::ListAvailableSlotsResponse {
            slots: page.rows.into_iter().map(|start| wire::slot(start, &schedule)).collect(),
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
        let range = Range { from: now, to: now + wire::LONGEST_RANGE };
        let taken = store::taken(&connection, &ids, range).await.map_err(Error::from)?;
        let next_slot = |(id, schedule): (uuid::Uuid, Option<Schedule>)| {
            let taken = taken.get(&id).map(Vec::as_slice).unwrap_or_default();
            let slot = schedule.and_then(|schedule| Some(wire::slot(next(&schedule, taken, now)?, &schedule)));
            pb::NextSlot { professional_id: id.to_string(), slot }
        };
        let next_slots = listed.into_iter().map(next_slot).collect();
        Ok(Response::new(pb::BatchGetNextSlotsResponse { next_slots }))
    }
}
