//! Reading and writing what is said of documents.

use std::collections::BTreeSet;

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::recipe::v1 as pb;
use orchard_rpc::{Fields, read};
use uuid::Uuid;

use crate::error::Error;
use crate::recipe::document::{self, Imported};

/// The most bytes of a document.
const MOST_BYTES: usize = 1_000_000;
/// The most properties that a response names, and the most characters of each.
const MOST_NAMES: (usize, usize) = (100, 100);

/// Reads a document with a recipe.
pub(crate) fn import(request: &pb::ImportRecipeRequest, caller: Uuid) -> Result<(Key, Imported), Error> {
    let mut fields = Fields::default();
    let imported = fields.read("document", read_document(&request.document));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| Ok((Key::new(caller, "ImportRecipe", request_id?, Keep::Days30, request), imported?)))?)
}

fn read_document(document: &str) -> Result<Imported, String> {
    match document.len() {
        0 => Err("is required".to_owned()),
        length if length > MOST_BYTES => Err(format!("must have at most {MOST_BYTES} bytes, not {length}")),
        _ => document::import(document),
    }
}

/// Answers with a recipe, and with what was left out. Names that people could not see are only counted.
pub(crate) fn imported(recipe: pb::Recipe, dropped: &BTreeSet<String>) -> pb::ImportRecipeResponse {
    let names = dropped.iter().filter_map(|name| read::text(name, 1..=MOST_NAMES.1).ok());
    let dropped_properties: Vec<_> = names.take(MOST_NAMES.0).collect();
    let others = i32::try_from(dropped.len() - dropped_properties.len()).unwrap_or(i32::MAX);
    pb::ImportRecipeResponse { recipe: Some(recipe), dropped_properties, other_dropped_count: others }
}
