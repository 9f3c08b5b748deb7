//! What was found, for people and for machines.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use chrono::Utc;
use serde::Serialize;
use serde_json::{Value, json};

use super::figures::Spread;
use super::side::{Round, Rounds};
use super::svg::{self, Curve};
use crate::output::say;

/// What a figure is to be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

/// A figure that something is expected of, or that is worth a line.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What it is.
    pub what: String,
    /// Such as `ms`; nothing for ratios.
    pub unit: &'static str,
    /// One of each round.
    pub values: Vec<f64>,
    /// What its median is to be.
    pub goal: Option<Goal>,
}

/// What a scenario has found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// Its name.
    pub scenario: String,
    /// What was done, on which data.
    pub what: String,
    /// What was measured side by side.
    pub sides: Vec<Rounds>,
    /// What follows from it.
    pub findings: Vec<Finding>,
    /// How figures grow.
    pub curves: Vec<Curve>,
    /// What could not be measured.
    pub notes: Vec<String>,
}

impl Goal {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn text(self, value: f64) -> String {
        let (word, bound) = match self {
            Self::AtMost(most) => ("at most", most),
            Self::AtLeast(least) => ("at least", least),
        };
        format!("{word} {bound}: {}", if self.is_met_by(value) { "met" } else { "MISSED" })
    }
}

impl Finding {
    /// A ratio.
    pub fn ratio(what: impl Into<String>, values: Vec<f64>, goal: Option<Goal>) -> Self {
        Self { what: what.into(), unit: "", values, goal }
    }

    /// A figure with a unit.
    pub fn of(what: impl Into<String>, unit: &'static str, values: Vec<f64>, goal: Option<Goal>) -> Self {
        Self { what: what.into(), unit, values, goal }
    }

    fn line(&self) -> Option<String> {
        let spread = Spread::of(self.values.iter().copied())?;
        let decimals = if spread.median.abs() < 10.0 { 2 } else { 1 };
        let goal = self.goal.map(|goal| format!("   {}", goal.text(spread.median))).unwrap_or_default();
        let unit = if self.unit.is_empty() { "x" } else { self.unit };
        Some(format!("  {:<66} {} {unit}{goal}", self.what, spread.text(decimals)))
    }
}

impl Outcome {
    /// Prints it.
    pub fn print(&self) {
        say(&format!("\n== {}: {}", self.scenario, self.what));
        if !self.sides.is_empty() {
            say(&format!("  {:<34} {:>9} {:>8} {:>8}   CPU per call, us: median (least-most)", "", "per s", "p50 ms", "p99 ms"));
        }
        for side in &self.sides {
            let middle = |figure: fn(&Round) -> f64| Spread::of(side.each(figure)).map_or(0.0, |spread| spread.median);
            let (rate, p50, p99) = (middle(|round| round.rate), middle(|round| round.p50), middle(|round| round.p99));
            say(&format!("  {:<34} {rate:>9.0} {p50:>8.2} {p99:>8.2}   {}", side.name, cpu(side)));
        }
        self.findings.iter().filter_map(Finding::line).for_each(|line| say(&line));
        self.curves.iter().for_each(|curve| say(&format!("  {:<34} {}", curve.name, curve.text())));
        self.notes.iter().for_each(|note| say(&format!("  {note}")));
    }
}

fn cpu(side: &Rounds) -> String {
    let Some(first) = side.rounds.first() else { return String::new() };
    let of = |(process, _): &(&'static str, f64)| {
        let spread = Spread::of(side.each(|round| round.cpu_of(process)))?;
        Some(format!("{process} {}", spread.text(0)))
    };
    first.cpu.iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

/// Writes everything to new files in the folder, whose names say when.
pub fn write(folder: &Path, machine: &Value, data: &str, outcomes: &[Outcome]) -> Result<PathBuf> {
    let now = Utc::now();
    let name = now.format("%Y-%m-%dT%H%M%SZ").to_string();
    for outcome in outcomes {
        if let Some(picture) = svg::draw(&outcome.what, "families", "CPU per call, us", &outcome.curves) {
            std::fs::write(folder.join(format!("{name}-{}.svg", outcome.scenario)), picture)?;
        }
    }
    let file = folder.join(format!("{name}.json"));
    let all = json!({ "time": now.to_rfc3339(), "machine": machine, "data": data, "outcomes": outcomes });
    std::fs::write(&file, serde_json::to_string_pretty(&all)?)?;
    Ok(file)
}

/// What figures depend on.
pub fn machine(postgres: &str, root: &Path) -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
        line.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let commit = Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(root).output();
    json!({
        "cpu": field(&read("/proc/cpuinfo"), "model name"),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": field(&read("/proc/meminfo"), "MemTotal"),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load": read("/proc/loadavg").trim(),
        "postgresql": postgres,
        "commit": commit.ok().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_met_or_missed() {
        assert_eq!(Goal::AtMost(0.8).text(0.8), "at most 0.8: met");
        assert_eq!(Goal::AtLeast(0.75).text(0.7), "at least 0.75: MISSED");
    }

    #[test]
    fn a_finding_without_rounds_has_no_line() {
        assert_eq!(Finding::ratio("x", Vec::new(), None).line(), None);
        let line = Finding::of("ready", "ms", vec![12.0, 10.0, 30.0], Some(Goal::AtMost(100.0))).line().unwrap();
        assert!(line.contains("12.0 (10.0-30.0) ms   at most 100: met"), "{line}");
    }
}
