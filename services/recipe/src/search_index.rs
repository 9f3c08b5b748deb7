//! The index of recipes that everyone may see: their words and facts as tokens, and the words that misspelt and unfinished ones may stand for.
//!
//! A recipe is written to the index in the transaction that changes it. The worker indexes recipes that an earlier release has written, or
//! that were indexed by other rules. Searches ask the recipe itself whether everyone may see it.

mod document;
mod gauges;
mod store;
mod vocabulary;
mod worker;

pub(crate) use document::{difficulty, exact_tag, prep_times, written_by};
pub(crate) use store::{foods, write};
pub(crate) use worker::IndexWorker;
