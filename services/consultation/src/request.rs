//! Parts that the requests of many methods have in common.

use orchard_rpc::{Fields, PageKey, PageRequest, read};
use uuid::Uuid;

use crate::error::Error;

/// Reads an id that is the only field of a request.
pub(crate) fn id(name: &str, value: &str) -> Result<Uuid, Error> {
    Ok(Fields::one(name, read::uuid(value))?)
}

/// Reads which page a request asks for, if it has no other fields. See [`PageRequest::read`] for `query`.
pub(crate) fn page<K: PageKey>(query: String, page_size: i32, page_token: &str) -> Result<PageRequest<K>, Error> {
    Ok(PageRequest::alone(query, page_size, page_token)?)
}
