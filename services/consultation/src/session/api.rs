//! Use cases of `SessionService`. Operators cancel sessions, and do nothing else with them.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::session_service_server::SessionService;
use orchard_rpc::{Answer, read};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::store::{self, Filter, Found};
use super::wire::{self, List, Page, id_and, optional_text};
use super::{calendar, ending, rating, records};
use crate::error::Error;
use crate::professional::Viewer;
use crate::{Api, request};

impl Api {
    async fn list_sessions(&self, caller: Viewer, (filter, page): (Filter, Page)) -> Result<(Vec<pb::Session>, String), Status> {
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::list(&connection, caller.user, filter, &page).await.map_err(Error::from)?;
        let page = page.page(rows, |session| (session.start, session.id));
        let sessions = page.rows.into_iter().map(|session| wire::listed(session, &self.currency)).collect();
        Ok((sessions, page.next_page_token))
    }

    async fn read_session<T>(&self, request: &Request<T>, session_id: &str) -> Result<Found, Status> {
        let caller = Viewer::without_roles(request)?;
        let id = request::id("session_id", session_id)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        Ok(ending::find(&connection, id, caller).await?)
    }

    fn session(&self, found: Found) -> Option<pb::Session> {
        wire::session(found, &self.currency)
    }
}

fn id(session_id: &str) -> Result<Uuid, Error> {
    request::id("session_id", session_id)
}

#[tonic::async_trait]
impl SessionService for Api {
    async fn get_session(&self, request: Request<pb::GetSessionRequest>) -> Answer<pb::GetSessionResponse> {
        let found = self.read_session(&request, &request.get_ref().session_id).await?;
        Ok(Response::new(pb::GetSessionResponse { session: self.session(found) }))
    }

    async fn list_my_sessions(&self, request: Request<pb::ListMySessionsRequest>) -> Answer<pb::ListMySessionsResponse> {
        let caller = Viewer::without_roles(&request)?;
        let request = request.get_ref();
        let list = List {
            method: "ListMySessions",
            status: request.session_status,
            from_time: request.from_time,
            to_time: request.to_time,
            professional_id: &request.professional_id,
            page_size: request.page_size,
            page_token: &request.page_token,
        };
        let (sessions, next_page_token) = self.list_sessions(caller, list.read(caller.user, false)?).await?;
        Ok(Response::new(pb::ListMySessionsResponse { sessions, next_page_token }))
    }

    async fn list_professional_sessions(
        &self,
        request: Request<pb::ListProfessionalSessionsRequest>,
    ) -> Answer<pb::ListProfessionalSessionsResponse> {
        let caller = Viewer::without_roles(&request)?;
        let request = request.get_ref();
        let list = List {
            method: "ListProfessionalSessions",
            status: request.session_status,
            from_time: request.from_time,
            to_time: request.to_time,
            professional_id: "",
            page_size: request.page_size,
            page_token: &request.page_token,
        };
        let (sessions, next_page_token) = self.list_sessions(caller, list.read(caller.user, true)?).await?;
        Ok(Response::new(pb::ListProfessionalSessionsResponse { sessions, next_page_token }))
    }

    async fn cancel_session(&self, request: Request<pb::CancelSessionRequest>) -> Answer<pb::CancelSessionResponse> {
        let caller = Viewer::of(&request)?;
        let pb::CancelSessionRequest { session_id, cancel_reason } = request.get_ref();
        let (id, reason) = id_and(session_id, "cancel_reason", optional_text(cancel_reason, 500))?;
        let (mut found, is_new) = ending::cancel(&self.db, &self.outbox, id, caller, reason).await?;
        if is_new && found.session.refund_amount.is_some() {
            self.payments.try_refund(id).await?;
            let connection = self.db.read().await.map_err(Error::from)?;
            found = ending::find(&connection, id, caller).await?;
        }
        Ok(Response::new(pb::CancelSessionResponse { session: self.session(found) }))
    }

    async fn complete_session(&self, request: Request<pb::CompleteSessionRequest>) -> Answer<pb::CompleteSessionResponse> {
        let found =
            ending::complete(&self.db, &self.outbox, id(&request.get_ref().session_id)?, Viewer::without_roles(&request)?)
                .await?;
        Ok(Response::new(pb::CompleteSessionResponse { session: self.session(found) }))
    }

    async fn mark_no_show(&self, request: Request<pb::MarkNoShowRequest>) -> Answer<pb::MarkNoShowResponse> {
        let found = ending::mark_no_show(&self.db, id(&request.get_ref().session_id)?, Viewer::without_roles(&request)?).await?;
        Ok(Response::new(pb::MarkNoShowResponse { session: self.session(found) }))
    }

    async fn rate_session(&self, request: Request<pb::RateSessionRequest>) -> Answer<pb::RateSessionResponse> {
        let (id, given) = wire::rating(request.get_ref())?;
        let found = rating::rate(&self.db, id, Viewer::without_roles(&request)?, given).await?;
        Ok(Response::new(pb::RateSessionResponse { session: self.session(found) }))
    }

    async fn set_session_notes(&self, request: Request<pb::SetSessionNotesRequest>) -> Answer<pb::SetSessionNotesResponse> {
        let pb::SetSessionNotesRequest { session_id, session_notes } = request.get_ref();
        let (id, notes) = id_and(session_id, "session_notes", optional_text(session_notes, 5_000))?;
        let found = records::set_notes(&self.db, id, Viewer::without_roles(&request)?, notes).await?;
        Ok(Response::new(pb::SetSessionNotesResponse { session: self.session(found) }))
    }

    async fn set_recording_consent(
        &self,
        request: Request<pb::SetRecordingConsentRequest>,
    ) -> Answer<pb::SetRecordingConsentResponse> {
        let pb::SetRecordingConsentRequest { session_id, recording_consent } = request.get_ref();
        let found = records::set_consent(&self.db, id(session_id)?, Viewer::without_roles(&request)?, *recording_consent).await?;
        Ok(Response::new(pb::SetRecordingConsentResponse { session: self.session(found) }))
    }

    async fn set_recording(&self, request: Request<pb::SetRecordingRequest>) -> Answer<pb::SetRecordingResponse> {
        let pb::SetRecordingRequest { session_id, recording_url } = request.get_ref();
        let (id, url) = id_and(session_id, "recording_url", read::optional_https(recording_url, 500))?;
        let found = records::set_recording(&self.db, id, Viewer::without_roles(&request)?, url).await?;
        Ok(Response::new(pb::SetRecordingResponse { session: self.session(found) }))
    }

    async fn export_session_calendar(
        &self,
        request: Request<pb::ExportSessionCalendarRequest>,
    ) -> Answer<pb::ExportSessionCalendarResponse> {
        let found = self.read_session(&request, &request.get_ref().session_id).await?;
        Ok(Response::new(pb::ExportSessionCalendarResponse { calendar: calendar::write(&found) }))
    }
}
