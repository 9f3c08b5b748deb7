//! The personal data that this slice holds: its export and its erasure.

mod erase;
mod export;
mod store;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_privacy::{Page, Receipt, Rows, UserData};
use strum::{IntoStaticStr, VariantArray};
use uuid::Uuid;

use crate::error::Error;

/// The personal data of this slice.
#[derive(Debug)]
pub struct ConsultationData {
    pub(crate) outbox: Outbox,
}

/// A part of an export, named after its table. Parts are exported in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Part {
    /// The user's place on the roll.
    Users,
    /// What the user states as a professional.
    HealthProfessionals,
    /// The professionals without an account whom the user has entered as an operator. What these state is not the user's.
    #[strum(serialize = "health_professionals")]
    EnteredProfessionals,
    /// When the user can be booked next as a professional.
    NextSlots,
    /// The user's sessions with professionals, and those that they booked for children.
    ConsultationSessions,
    /// The sessions that others had with the user.
    #[strum(serialize = "consultation_sessions")]
    SessionsAsProfessional,
    /// What the user has paid for sessions.
    SessionPayments,
    /// The time that the user's sessions take.
    TimeClaims,
}

impl UserData for ConsultationData {
    type Part = Part;
    type Error = Error;

    const PARTS: &'static [Part] = Part::VARIANTS;

    async fn begin(&self, connection: &mut Connection, user: Uuid) -> Result<(Receipt, bool), Error> {
        erase::begin(connection, &self.outbox, user).await
    }

    async fn erase(&self, connection: &mut Connection, user: Uuid) -> Result<Receipt, Error> {
        erase::erase(connection, &self.outbox, user).await
    }

    async fn page(connection: &mut AsyncPgConnection, user: Uuid, part: Part, page: Page) -> QueryResult<Rows> {
        export::page(connection, user, part, page).await
    }
}
