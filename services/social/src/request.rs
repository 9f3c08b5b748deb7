//! Requests with a single field.

use orchard_rpc::{Fields, PageKey, PageRequest, read};
use uuid::Uuid;

use crate::error::Error;

/// Reads the only field of a request, an id.
pub(crate) fn id(name: &str, value: &str) -> Result<Uuid, Error> {
    Ok(Fields::one(name, read::uuid(value))?)
}

/// Reads a request that has nothing but a page.
pub(crate) fn page<K: PageKey>(query: String, page_size: i32, page_token: &str) -> Result<PageRequest<K>, Error> {
    let mut fields = Fields::default();
    let page = PageRequest::read(&mut fields, query, page_size, page_token);
    Ok(fields.finish(|| page)?)
}
