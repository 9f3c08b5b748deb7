//! The state of the demo in a file: its first day, and the ids of its data.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::values::day_before;

/// The state. An empty id is one that does not exist yet.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct State {
    /// The first day of the challenge and of the meals.
    pub first_day: NaiveDate,
    /// The running challenge.
    pub consistency: String,
    /// The other challenge.
    pub variety: String,
    /// A plan.
    pub appletons: String,
    /// Another plan.
    pub berrys: String,
    /// The currency of wallets and prices.
    pub currency: String,
    /// The recipes.
    pub recipes: Vec<String>,
    /// The professional.
    pub professional: String,
    /// Whether everything is loaded.
    pub is_complete: bool,
    #[serde(skip)]
    file: PathBuf,
}

impl State {
    /// Reads the file. A missing or invalid file is an empty state.
    pub fn open(file: PathBuf) -> Result<Self> {
        let content = fs::read_to_string(&file).unwrap_or_default();
        Ok(Self { file, ..serde_json::from_str(&content).unwrap_or_default() })
    }

    /// Decides on the first day. A challenge starts yesterday at the earliest, so the day changes until the challenge exists;
    /// everything else is created later, with the same day.
    pub fn prepare(&mut self, today: NaiveDate) -> Result<()> {
        if self.is_complete {
            // The data is gone.
            *self = Self { file: std::mem::take(&mut self.file), ..Self::default() };
        }
        if self.consistency.is_empty() {
            self.first_day = day_before(today);
        }
        self.save()
    }

    /// Replaces the file atomically.
    pub fn save(&self) -> Result<()> {
        let new = self.file.with_extension("json.new");
        let write = || -> Result<()> {
            fs::write(&new, serde_json::to_string_pretty(self)?)?;
            Ok(fs::rename(&new, &self.file)?)
        };
        write().with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_day_is_kept_once_the_challenge_exists() {
        let file = std::env::temp_dir().join(format!("demo-{}.json", uuid::Uuid::new_v4().simple()));
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let mut state = State::open(file.clone()).unwrap();
        state.prepare(day(10)).unwrap();
        assert_eq!(State::open(file.clone()).unwrap().first_day, day(9));

        state.prepare(day(12)).unwrap();
        assert_eq!(state.first_day, day(11), "nothing exists yet");

        state.consistency = "made".to_owned();
        state.prepare(day(15)).unwrap();
        assert_eq!(State::open(file.clone()).unwrap().first_day, day(11));

        state.is_complete = true;
        state.prepare(day(20)).unwrap();
        assert_eq!((state.first_day, state.consistency.as_str()), (day(19), ""), "the data is gone");
        fs::remove_file(file).unwrap();
    }
}
