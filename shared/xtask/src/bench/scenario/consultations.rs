//! A directory of 50,000 professionals, and the slots of one who has 1,000 sessions in a month.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Days, NaiveTime, Utc};
use futures::FutureExt as _;
use orchard_proto::consultation::v1::availability_service_client::AvailabilityServiceClient;
use orchard_proto::consultation::v1::directory_service_client::DirectoryServiceClient;
use orchard_proto::consultation::v1::{
    BatchGetNextSlotsRequest, ListAvailableSlotsRequest, ProfessionalSort, SearchProfessionalsRequest,
};
use prost_types::Timestamp;
use tonic::Status;

use crate::bench::calls::Clients;
use crate::bench::data::{id, schedule};
use crate::bench::load::Call;
use crate::bench::report::{Finding, Outcome};
use crate::bench::side::{Side, alternate};
use crate::bench::world::World;

/// Microseconds of CPU per call, roughly.
const COST: u64 = 3_000;
/// The kind of ids of professionals.
const KIND: u128 = 9;

/// The first professional has sessions of 20 minutes, 44 minutes apart, from today on; the others have none. Everyone is open on each day.
const DATA: &str = "
INSERT INTO consultation.health_professionals (id, professional_name, bio, specializations, languages, consultation_rate, rating_average,
                                               verification_status, available_time_slots)
SELECT ('01900000-0000-7000-8009-' || lpad(to_hex(n), 12, '0'))::uuid, 'Doctor N' || n, 'Knows all of word' || n % 1000,
  CASE WHEN n % 2 = 0 THEN ARRAY['diabetes'] ELSE ARRAY['heart_health', 'diabetes'] END, ARRAY['English', 'L' || n % 500],
  n % 90, (n % 401) / 100.0 + 1, 'verified', SCHEDULE
FROM generate_series(1, 50000) AS n;
INSERT INTO consultation.next_slots (professional_id, next_slot_time, due_at)
SELECT id, now() + (available_time_slots->'limits'->>'notice_minutes')::int * INTERVAL '1 minute', 'infinity'
FROM consultation.health_professionals;
INSERT INTO consultation.users (id) SELECT gen_random_uuid() FROM generate_series(1, 1000);
INSERT INTO consultation.time_claims (id, professional_id, user_id, starts_at, ends_at, taken_from, taken_to)
SELECT id, '01900000-0000-7000-8009-000000000001', id, start, start + INTERVAL '20 min', start, start + INTERVAL '20 min'
FROM (SELECT id, date_trunc('day', now(), 'UTC') + INTERVAL '1 day' + row_number() OVER () * INTERVAL '44 min' AS start
      FROM consultation.users ORDER BY id LIMIT 1000) AS sessions;";

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    world.sql.batch_execute(&DATA.replace("SCHEDULE", &schedule("n % 40000"))).await?;
    for table in ["health_professionals", "next_slots", "time_claims"] {
        world.sql.batch_execute(&format!("VACUUM (ANALYZE) consultation.{table}")).await?;
    }
    let clients = world.clients("consultation").await?;
    let words = |number: u64| SearchProfessionalsRequest { text: format!("word{}", number % 1_000), ..Default::default() };
    let soonest = |number: u64| SearchProfessionalsRequest {
        any_languages: if number.is_multiple_of(2) { vec![format!("L{}", number % 500)] } else { Vec::new() },
        sort: ProfessionalSort::NextSlot.into(),
        ..Default::default()
    };
    let processes = world.processes(["consultation"])?;
    let alone = |name, call| Side::Calls { name, processes: processes.clone(), call, at_once: 1 };
    let mut sides = [
        alone("ListAvailableSlots, a month", slots(clients.clone())),
        alone("BatchGetNextSlots, 100", next_slots(clients.clone())),
        alone("SearchProfessionals, a word", search(clients.clone(), words)),
        alone("SearchProfessionals, the next slot", search(clients, soonest)),
    ];
    let effort = world.effort(COST);
    let sides = alternate(&mut world.meter, &mut sides, effort).await?;
    let p99 = |index: usize| sides[index].each(|round| round.p99);
    let findings = vec![
        Finding::new("p99 of the slots of a month", "ms", p99(0)),
        Finding::new("p99 of 100 next slots", "ms", p99(1)),
        Finding::new("p99 of a word", "ms", p99(2)),
        Finding::new("p99 of the next slot", "ms", p99(3)),
    ];
    let what = "50,000 professionals, one with 1,000 sessions in the month that is listed; one call at a time".to_owned();
    Ok(Outcome { what, sides, findings, curves: Vec::new() })
}

fn timestamp(moment: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: moment.timestamp(), nanos: 0 }
}

/// `AvailabilityService/ListAvailableSlots`: the first 200 of a month, whose sessions are all read.
fn slots(clients: Clients) -> Call {
    let from = (Utc::now().date_naive() + Days::new(1)).and_time(NaiveTime::MIN).and_utc();
    Arc::new(move |number| {
        let list = ListAvailableSlotsRequest {
            professional_id: id(KIND, 1).to_string(),
            from_time: Some(timestamp(from)),
            to_time: Some(timestamp(from + Days::new(31))),
            page_size: 200,
            page_token: String::new(),
        };
        let request = clients.request(number % 1_000 + 1, list);
        let mut client = AvailabilityServiceClient::new(clients.channel(number));
        async move {
            let found = client.list_available_slots(request).await?.into_inner().slots.len();
            if found == 200 { Ok(()) } else { Err(Status::internal(format!("{found} of 200 slots"))) }
        }
        .boxed()
    })
}

/// `AvailabilityService/BatchGetNextSlots` of a hundred professionals.
fn next_slots(clients: Clients) -> Call {
    Arc::new(move |number| {
        let first = number * 100 % 50_000;
        let professional_ids = (first + 1..=first + 100).map(|number| id(KIND, number).to_string()).collect();
        let request = clients.request(number % 1_000 + 1, BatchGetNextSlotsRequest { professional_ids });
        let mut client = AvailabilityServiceClient::new(clients.channel(number));
        async move {
            let found = client.batch_get_next_slots(request).await?.into_inner().next_slots;
            let free = found.iter().filter(|next| next.slot.is_some()).count();
            if free == 100 { Ok(()) } else { Err(Status::internal(format!("{free} of 100 have a slot"))) }
        }
        .boxed()
    })
}

/// `DirectoryService/SearchProfessionals`, which fails if nobody is found.
fn search(clients: Clients, query: impl Fn(u64) -> SearchProfessionalsRequest + Send + Sync + 'static) -> Call {
    Arc::new(move |number| {
        let request = clients.request(number % 1_000 + 1, query(number));
        let mut client = DirectoryServiceClient::new(clients.channel(number));
        async move {
            let found = client.search_professionals(request).await?.into_inner().professionals;
            if found.is_empty() { Err(Status::internal("nobody is found")) } else { Ok(()) }
        }
        .boxed()
    })
}
