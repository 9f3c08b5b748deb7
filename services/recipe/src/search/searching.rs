//! Pages of what is found.

use std::collections::HashMap;

use futures::future::try_join;
use orchard_db::{Connection, Db};
use orchard_rpc::PageRequest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::position::{Next, Part, Position};
use super::query::Query;
use super::source::Source;
use super::{Order, Search, store};
use crate::error::Error;
use crate::recipe::{Summary, store as recipes};
use crate::search_index;
use crate::search_words::Token;

/// The most steps of a page. A page that is not full by then ends where they have come to.
const MAX_STEPS: usize = 12;

/// Where a page ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    position: Position,
    /// Whether words that recipes have were taken for misspelt ones, because nothing was found with them as they are.
    corrects_all: bool,
}

/// A recipe that was found.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) summary: Summary,
    /// The foods of its ingredients, if a text was asked for.
    pub(super) foods: Vec<String>,
    /// Where the next page begins if this one ends with it.
    pub(super) end: Cursor,
}

/// A page of what was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) hits: Vec<Hit>,
    /// The stems of words that meet the text.
    pub(super) stems: Vec<Token>,
    /// Where the next page begins.
    pub(super) next: Option<Cursor>,
}

/// Returns a page of recipes that everyone may see.
pub(super) async fn search(db: &Db, search: &Search, page: &PageRequest<Cursor>) -> Result<Found, Error> {
    let connection = db.read().await?;
    let mut query = Query::of(&search.text);
    if query.is_empty() && !search.text.is_empty() {
        return Ok(Found::default());
    }
    let known = store::complete(&connection, &mut query).await?;
    let corrects_all = page.after.is_some_and(|cursor| cursor.corrects_all);
    store::correct(&connection, &mut query, &known, corrects_all).await?;
    let first = if query.is_loose() && query.has_unknown(&known) { Next::Misspelt } else { Next::Names(None) };
    let mut found = collect(&connection, search, &query, page, (corrects_all, first)).await?;
    if found.hits.is_empty() && found.next.is_none() && page.after.is_none() && !query.is_empty() {
        store::correct(&connection, &mut query, &known, true).await?;
        if query.is_loose() {
            // Nothing was found with the words as they are.
            found = collect(&connection, search, &query, page, (true, Next::LooseNames(Part::alone(), None))).await?;
        }
    }
    Ok(Found { stems: query.found(), ..found })
}

async fn collect(
    connection: &Connection,
    search: &Search,
    query: &Query,
    page: &PageRequest<Cursor>,
    (corrects_all, first): (bool, Next),
) -> Result<Found, Error> {
    // Without a text nothing is more relevant than another.
    let order = search.order.or(query.is_empty().then_some(Order::Newest));
    let after = page.after.map(|cursor| cursor.position);
    let next = match after {
        Some(position) => position.into(),
        None if order.is_some() => Next::Sorting(None),
        None => first,
    };
    let mut source = Source::new(connection, (query, &search.filter, order), next, page.fetch());
    let (mut hits, mut at) = (Vec::new(), after);
    for _ in 0..MAX_STEPS {
        let found = source.step().await?;
        // As many at a time as the page has, because most are shown.
        for found in found.chunks(page.size + 1) {
            let ids: Vec<Uuid> = found.iter().filter_map(|(_, recipe)| *recipe).collect();
            let mut shown = admitted(connection, search, &ids).await?;
            for (position, recipe) in found {
                if let Some((summary, foods)) = recipe.and_then(|recipe| shown.remove(&recipe)) {
                    if hits.len() == page.size {
                        let next = at.map(|position| Cursor { position, corrects_all });
                        return Ok(Found { hits, next, ..Found::default() });
                    }
                    let end = Cursor { position: *position, corrects_all };
                    hits.push(Hit { summary, foods, end });
                }
                at = Some(*position);
            }
        }
        if source.is_done() {
            return Ok(Found { hits, ..Found::default() });
        }
    }
    Ok(Found { hits, next: at.map(|position| Cursor { position, corrects_all }), ..Found::default() })
}

/// A recipe, and the foods of its ingredients if a text was asked for.
type Shown = (Summary, Vec<String>);

/// Returns those of these recipes that everyone may see and that meet the filter, as they are now.
async fn admitted(connection: &Connection, search: &Search, ids: &[Uuid]) -> Result<HashMap<Uuid, Shown>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let foods = async { if search.text.is_empty() { Ok(HashMap::new()) } else { search_index::foods(connection, ids).await } };
    let (recipes, mut foods) = try_join(recipes::all_summaries(connection, ids), foods).await?;
    let with_foods = |recipe: Summary| {
        let id = recipe.facts.id;
        (id, (recipe, foods.remove(&id).unwrap_or_default()))
    };
    Ok(recipes.into_iter().filter(|recipe| search.filter.admits(recipe)).map(with_foods).collect())
}
