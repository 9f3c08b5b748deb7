//! Demo data, loaded by calls of users, billing and identity.
//!
//! Loading can be repeated, also after an interruption: requests have fixed ids, and whatever depends on the day is kept in a file.

mod calls;
mod catalog;
mod family;
mod people;
mod recipes;
mod referrals;
mod social;
mod state;
mod values;

use std::path::Path;

use anyhow::{Context as _, Result};
use chrono::Utc;
use orchard_testkit::keys::DevKeys;

pub use self::calls::Addresses;
use self::calls::Calls;
use self::state::State;
use crate::output::Progress;

/// Ids for example calls.
#[derive(Debug)]
pub struct Demo {
    /// The Appletons' plan.
    pub plan_id: String,
    /// The running challenge.
    pub challenge_id: String,
    /// A public recipe.
    pub recipe_id: String,
    /// The professional, who is not verified.
    pub professional_id: String,
}

/// Loads the data, unless the state in the folder says that it is there already.
pub async fn load(folder: &Path, keys: &DevKeys, addresses: &Addresses, progress: &Progress) -> Result<Demo> {
    let calls = Calls::connect(keys, addresses).await?;
    let mut state = State::open(folder.join("demo.json"))?;
    if state.is_complete && is_there(&calls, &state).await? {
        progress.step("the demo data is there already");
        return demo(&state);
    }
    let today = Utc::now().date_naive();
    state.prepare(today)?;
    people::register(&calls).await?;
    progress.step("demo: 25 users");
    social::open_challenges(&calls, &mut state).await?;
    progress.step("demo: 2 challenges");
    family::load(&calls, &mut state).await?;
    progress.step("demo: 2 families with members, money and meals");
    social::take_part(&calls, &state, today).await?;
    progress.step("demo: 25 participants with their days");
    referrals::load(&calls).await?;
    progress.step("demo: 6 referrals, one of them refused");
    recipes::load(&calls, &mut state).await?;
    progress.step("demo: 60 recipes with reviews");
    catalog::load(&calls, &mut state).await?;
    progress.step("demo: 6 professionals in five zones");
    state.is_complete = true;
    state.save()?;
    demo(&state)
}

/// Returns whether the data exists: the file may be about another server or a removed database.
async fn is_there(calls: &Calls<'_>, state: &State) -> Result<bool> {
    Ok(family::is_there(calls, &state.appletons).await? && social::is_there(calls, &state.consistency).await?)
}

fn demo(state: &State) -> Result<Demo> {
    let first_recipe = state.recipes.first().context("the demo has no recipe")?;
    Ok(Demo {
        plan_id: state.appletons.clone(),
        challenge_id: state.consistency.clone(),
        recipe_id: first_recipe.clone(),
        professional_id: state.professional.clone(),
    })
}
