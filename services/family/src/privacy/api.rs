//! The slice's part of `PrivacyService`.

use diesel::QueryResult;
use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_privacy::{Page, Receipt, Rows};
use strum::VariantArray as _;
use uuid::Uuid;

use super::{Part, erase, export};
use crate::error::Error;

/// What the slice stores about users. Erasures publish their events through the outbox.
#[derive(Debug)]
pub struct UserData(pub Outbox);

impl orchard_privacy::UserData for UserData {
    type Part = Part;
    type Error = Error;

    const PARTS: &'static [Part] = Part::VARIANTS;

    async fn erase(&self, connection: &mut Connection, user: Uuid) -> Result<Receipt, Error> {
        erase::erase(connection, &self.0, user).await
    }

    async fn page(connection: &mut Connection, user: Uuid, part: Part, page: Page) -> QueryResult<Rows> {
        export::page(connection, user, part, page).await
    }
}
