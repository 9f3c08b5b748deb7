//! Search for recipes that everyone may see.
//!
//! Words are compared in the service, once when a recipe is written and once when a text is asked for, and the database compares tokens. A
//! text is first resolved to words that recipes have: the same, in singular or plural, joined, begun, or meant by a misspelt one. Each word
//! must be met. Recipes that have all of them in their name come first.

mod api;
mod asked;
mod filter;
mod highlight;
mod judge;
mod position;
mod query;
mod searching;
mod source;
mod store;
mod wire;

use filter::Filter;
use store::Order;

/// What a caller searches for.
#[derive(Debug, Clone)]
struct Search {
    /// May be empty: all recipes that meet the filter.
    text: String,
    filter: Filter,
    /// `None`: by relevance.
    order: Option<Order>,
    /// Whether to leave out recipes of authors who do not share.
    sharing_only: bool,
}
