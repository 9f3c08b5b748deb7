//! Data to look at, loaded through the RPCs as users, billing and identity would.
//!
//! Loading it again, or completing a load that was cut short, changes nothing twice: requests have fixed ids, and what differs
//! from day to day is kept in a file.

mod calls;
mod catalog;
mod family;
mod people;
mod social;
mod state;

use std::path::Path;

use anyhow::{Context as _, Result};
use chrono::{Days, NaiveDate, Utc};
use orchard_proto::google::r#type::{Date, Money};
use orchard_testkit::keys::DevKeys;

use self::calls::Calls;
use self::state::State;
use crate::output::Progress;

/// What the demo's calls are printed with.
#[derive(Debug)]
pub struct Demo {
    /// The Appletons' plan.
    pub plan_id: String,
    /// The challenge that is going on.
    pub challenge_id: String,
    /// A recipe that everybody may see.
    pub recipe_id: String,
}

/// Where the services are that the demo calls, as `host:port`.
#[derive(clap::Args, Clone, Debug)]
pub struct Addresses {
    /// Where the edge listens.
    #[arg(long, value_name = "HOST:PORT")]
    pub edge: String,
    /// Where the family service listens.
    #[arg(long, value_name = "HOST:PORT")]
    pub family: String,
    /// Where the social service listens.
    #[arg(long, value_name = "HOST:PORT")]
    pub social: String,
}

/// Loads it, or finds that it is there by what the folder `kept` tells.
pub async fn load(kept: &Path, keys: &DevKeys, addresses: &Addresses, progress: &Progress) -> Result<Demo> {
    let calls = Calls::connect(keys, addresses).await?;
    let mut state = State::open(kept.join("demo.json"))?;
    if state.is_complete && is_there(&calls, &state).await? {
        progress.step("the demo's data is there");
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
    catalog::load(&calls, &mut state).await?;
    progress.step("demo: 3 recipes, 1 professional");
    state.is_complete = true;
    state.save()?;
    demo(&state)
}

/// The file may tell of another server's data, or of a database that was removed.
async fn is_there(calls: &Calls<'_>, state: &State) -> Result<bool> {
    Ok(family::is_there(calls, &state.appletons).await? && social::is_there(calls, &state.consistency).await?)
}

fn demo(state: &State) -> Result<Demo> {
    let first_recipe = state.recipes.first().context("the demo has no recipe")?;
    Ok(Demo { plan_id: state.appletons.clone(), challenge_id: state.consistency.clone(), recipe_id: first_recipe.clone() })
}

fn date(day: NaiveDate) -> Date {
    use chrono::Datelike as _;
    let part = |number: u32| i32::try_from(number).unwrap_or_default();
    Date { year: day.year(), month: part(day.month()), day: part(day.day()) }
}

fn money(currency: &str, units: i64, cents: i32) -> Money {
    Money { currency_code: currency.to_owned(), units, nanos: cents * 10_000_000 }
}

fn day_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}
