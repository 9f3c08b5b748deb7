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

/// Reads a recipe and which page of `method`'s list about that recipe a request asks for.
pub(crate) fn recipe_and_page<K: PageKey>(
    method: &str,
    caller: Uuid,
    recipe_id: &str,
    (page_size, page_token): (i32, &str),
) -> Result<(Uuid, PageRequest<K>), Error> {
    Ok(PageRequest::about(method, caller, ("recipe_id", recipe_id), page_size, page_token)?)
}
