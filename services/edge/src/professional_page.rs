//! The page of a health professional.

use futures::{FutureExt as _, try_join};
use orchard_proto::consultation::v1::availability_service_client::AvailabilityServiceClient;
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_proto::consultation::v1::session_service_client::SessionServiceClient;
use orchard_proto::consultation::v1::{GetProfessionalRequest, ListAvailableSlotsRequest, ListMySessionsRequest};
use orchard_proto::edge::v1 as pb;
use prost_types::Timestamp;
use tonic::Status;

use crate::section::{PAGE_SIZE, now};
use crate::upstream::unavailable;
use crate::view::View;

/// How far ahead slots are looked for, in seconds: the most that the slice takes.
const AHEAD: i64 = 62 * 24 * 3_600;

/// Composes the page of a professional.
pub(crate) async fn professional_page(view: &View<'_>, professional_id: String) -> Result<pb::ProfessionalPage, Status> {
    let consultation = &view.upstreams.consultation;
    let request = GetProfessionalRequest { professional_id: professional_id.clone() };
    let (heart, slots, sessions) = try_join!(
        view.heart(consultation, async |channel| ProfessionalServiceClient::new(channel).get_professional(request).await),
        slots(view, &professional_id).map(Ok),
        sessions(view, &professional_id).map(Ok),
    )?;
    Ok(pb::ProfessionalPage {
        professional: Some(heart.professional.ok_or_else(|| unavailable(consultation.name()))?),
        slots: Some(slots),
        sessions: Some(sessions),
    })
}

async fn slots(view: &View<'_>, professional_id: &str) -> pb::SlotsSection {
    let from = now();
    let request = ListAvailableSlotsRequest {
        professional_id: professional_id.to_owned(),
        from_time: Some(from),
        to_time: Some(Timestamp { seconds: from.seconds + AHEAD, nanos: from.nanos }),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    let call = async |channel| AvailabilityServiceClient::new(channel).list_available_slots(request).await;
    let (answer, status) = view.section(&view.upstreams.consultation, call).await.parts_or_default();
    pb::SlotsSection { status, slots: answer.slots, time_zone: answer.time_zone }
}

async fn sessions(view: &View<'_>, professional_id: &str) -> pb::SessionsSection {
    let request =
        ListMySessionsRequest { professional_id: professional_id.to_owned(), page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| SessionServiceClient::new(channel).list_my_sessions(request).await;
    let (answer, status) = view.section(&view.upstreams.consultation, call).await.parts_or_default();
    pb::SessionsSection { status, sessions: answer.sessions }
}
