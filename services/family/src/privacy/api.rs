//! What this slice holds, as `PrivacyService` is served it.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_privacy::{Holder, Page, Receipt, Rows};
use strum::VariantArray as _;
use uuid::Uuid;

use super::{Part, erase, export};
use crate::error::Error;

/// Places in families, money, meals; through the outbox others are told what an erasure changes for them.
#[derive(Debug)]
pub struct Held(pub Outbox);

impl Holder for Held {
    type Part = Part;
    type Error = Error;

    const PARTS: &'static [Part] = Part::VARIANTS;

    async fn erase(&self, connection: &mut Connection, user: Uuid) -> Result<Receipt, Error> {
        erase::erase(connection, &self.0, user).await
    }

    async fn page(connection: &mut AsyncPgConnection, user: Uuid, part: Part, page: Page) -> QueryResult<Rows> {
        export::page(connection, user, part, page).await
    }
}
