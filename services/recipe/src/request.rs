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
    let mut fields = Fields::default();
    let page = PageRequest::read(&mut fields, query, page_size, page_token);
    Ok(fields.finish(|| page)?)
}

/// Reads a recipe and which page of `method`'s list about that recipe a request asks for.
pub(crate) fn recipe_and_page<K: PageKey>(
    method: &str,
    caller: Uuid,
    recipe_id: &str,
    (page_size, page_token): (i32, &str),
) -> Result<(Uuid, PageRequest<K>), Error> {
    let mut fields = Fields::default();
    let recipe = fields.read("recipe_id", read::uuid(recipe_id));
    let page = PageRequest::read(&mut fields, format!("{method} {recipe_id} {caller}"), page_size, page_token);
    Ok(fields.finish(|| Ok((recipe?, page?)))?)
}
