//! The results, as text and as JSON.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use chrono::Utc;
use serde::Serialize;
use serde_json::{Value, json};

use super::figures::Spread;
use super::side::{Round, Rounds};
use crate::output::say;

/// A limit for a median.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

/// A figure, possibly with a goal.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    what: String,
    /// Such as `ms`; empty for ratios.
    unit: &'static str,
    /// One value per round.
    values: Vec<f64>,
    goal: Option<Goal>,
}

/// CPU per call at several sizes of the data.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// Call and process.
    pub name: &'static str,
    /// Sizes and figures.
    pub points: Vec<(u64, Spread)>,
}

/// The results of a scenario.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// What was done, on which data.
    pub what: String,
    /// What was measured side by side.
    pub sides: Vec<Rounds>,
    /// Figures that follow from it.
    pub findings: Vec<Finding>,
    /// How figures grow.
    pub curves: Vec<Curve>,
}

impl Goal {
    fn text(self, value: f64) -> String {
        let (word, bound, met) = match self {
            Self::AtMost(most) => ("at most", most, value <= most),
            Self::AtLeast(least) => ("at least", least, value >= least),
        };
        format!("{word} {bound}: {}", if met { "met" } else { "MISSED" })
    }
}

impl Finding {
    /// Returns a ratio without a goal.
    pub fn ratio(what: impl Into<String>, values: Vec<f64>) -> Self {
        Self::new(what, "", values)
    }

    /// Returns a figure without a goal.
    pub fn new(what: impl Into<String>, unit: &'static str, values: Vec<f64>) -> Self {
        Self { what: what.into(), unit, values, goal: None }
    }

    /// Adds an upper limit as the goal.
    #[must_use]
    pub fn at_most(self, most: f64) -> Self {
        Self { goal: Some(Goal::AtMost(most)), ..self }
    }

    /// Adds a lower limit as the goal.
    #[must_use]
    pub fn at_least(self, least: f64) -> Self {
        Self { goal: Some(Goal::AtLeast(least)), ..self }
    }

    fn line(&self) -> Option<String> {
        let spread = Spread::of(self.values.iter().copied())?;
        let decimals = if spread.median.abs() < 10.0 { 2 } else { 1 };
        let goal = self.goal.map(|goal| format!("   {}", goal.text(spread.median))).unwrap_or_default();
        let unit = if self.unit.is_empty() { "x" } else { self.unit };
        Some(format!("  {:<66} {} {unit}{goal}", self.what, spread.text(decimals)))
    }
}

impl Curve {
    fn line(&self) -> String {
        let points = self.points.iter().map(|(size, spread)| format!("{size}: {}", spread.text(0)));
        format!("  {:<34} {}", self.name, points.collect::<Vec<_>>().join(", "))
    }
}

impl Outcome {
    /// Prints the results under the scenario's name.
    pub fn print(&self, scenario: &str) {
        say(&format!("\n== {scenario}: {}", self.what));
        if !self.sides.is_empty() {
            say(&format!("  {:<34} {:>9} {:>8} {:>8}   CPU per call, us: median (least-most)", "", "per s", "p50 ms", "p99 ms"));
        }
        for side in &self.sides {
            let median = |figure: fn(&Round) -> f64| Spread::of(side.each(figure)).map_or(0.0, |spread| spread.median);
            let (rate, p50, p99) = (median(|round| round.rate), median(|round| round.p50), median(|round| round.p99));
            say(&format!("  {:<34} {rate:>9.0} {p50:>8.2} {p99:>8.2}   {}", side.name, cpu(side)));
        }
        self.findings.iter().filter_map(Finding::line).for_each(|line| say(&line));
        self.curves.iter().for_each(|curve| say(&curve.line()));
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

/// Writes the results to a new file in the folder, named by the time.
pub fn write(folder: &Path, machine: &Value, data: &str, outcomes: &[(String, Outcome)]) -> Result<PathBuf> {
    let now = Utc::now();
    let file = folder.join(now.format("%Y-%m-%dT%H%M%SZ.json").to_string());
    let all = json!({ "time": now.to_rfc3339(), "machine": machine, "data": data, "outcomes": outcomes });
    std::fs::write(&file, serde_json::to_string_pretty(&all)?)?;
    Ok(file)
}

/// Describes the machine and the software.
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
    fn a_finding_without_rounds_is_not_printed() {
        assert_eq!(Finding::ratio("x", Vec::new()).line(), None);
        let line = Finding::new("ready", "ms", vec![12.0, 10.0, 30.0]).at_most(100.0).line().unwrap();
        assert!(line.contains("12.0 (10.0-30.0) ms   at most 100: met"), "{line}");
    }

    #[test]
    fn a_curve_is_a_line() {
        let at = |median| Spread { median, min: median - 1.0, max: median + 1.0 };
        let line = Curve { name: "GetPlan", points: vec![(10, at(20.0)), (1_000, at(40.0))] }.line();
        assert!(line.ends_with(" 10: 20 (19-21), 1000: 40 (39-41)"), "{line}");
    }
}
