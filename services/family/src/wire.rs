//! Conversions that several services share.

use chrono::{DateTime, Utc};
use orchard_rpc::{Fields, PageKey, PageRequest, read};
use uuid::Uuid;

use crate::error::Error;

/// Returns `None` for empty text.
pub(crate) fn some_text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Returns the id as text, which is empty for `None`.
pub(crate) fn id_text(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// Reads the id of a plan, the only field of its request.
pub(crate) fn plan_id(plan: &str) -> Result<Uuid, Error> {
    Ok(Fields::one("family_plan_id", read::uuid(plan))?)
}

/// Reads the ids of a plan and a user, the only fields of their request.
pub(crate) fn plan_and_user(plan: &str, user: &str) -> Result<(Uuid, Uuid), Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(plan));
    let user = fields.read("user_id", read::uuid(user));
    Ok(fields.finish(|| Ok((plan?, user?)))?)
}

/// The position of a row in a list that is ordered by time, and by id within the same time.
pub(crate) type Position = (DateTime<Utc>, Uuid);

/// Reads which page of a list of a plan is requested.
pub(crate) fn plan_page<K: PageKey>(
    method: &str,
    plan: &str,
    viewer: Uuid,
    page_size: i32,
    page_token: &str,
) -> Result<(Uuid, PageRequest<K>), Error> {
    Ok(PageRequest::about(method, viewer, ("family_plan_id", plan), page_size, page_token)?)
}

/// Reads which page of a list of the caller's own rows is requested.
pub(crate) fn own_page(method: &str, caller: Uuid, page_size: i32, page_token: &str) -> Result<PageRequest<Position>, Error> {
    Ok(PageRequest::alone(format!("{method} {caller}"), page_size, page_token)?)
}
