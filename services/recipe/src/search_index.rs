//! The index of public recipes: their words and facts as tokens, and the words that misspelt and unfinished ones may stand for.
//!
//! A recipe is written to the index in the transaction that changes it. The worker indexes recipes that an earlier release has written, or
//! that were indexed by other rules. Whether a recipe is hidden is not in the index: searches ask the recipe itself.

mod document;
mod gauges;
mod store;
mod worker;

pub(crate) use document::{difficulty, exact_tag, prep_times, written_by};
pub(crate) use store::{foods, write};
pub(crate) use worker::IndexWorker;
