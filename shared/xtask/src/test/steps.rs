//! A run of steps, each of which passes, fails or is skipped.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::output::say;

/// The exit status of a command that cannot do its work on this machine.
const UNAVAILABLE: i32 = 77;

/// The outcome of a step.
#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// The steps that have run.
#[derive(Debug, Default)]
pub struct Steps {
    done: Vec<(String, Outcome, Duration)>,
}

impl Steps {
    /// Starts an empty run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a command, which prints for itself. Its failure is recorded; that it cannot be started is an error.
    pub fn run(&mut self, name: &str, mut command: Command) -> Result<()> {
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        say(&format!("\n== {name}: {}", words.join(" ")));
        let start = Instant::now();
        let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot run {name}"))?;
        let outcome = match status.code() {
            Some(0) => Outcome::Passed,
            Some(UNAVAILABLE) => Outcome::Skipped("it cannot run here".to_owned()),
            _ => Outcome::Failed(status.to_string()),
        };
        self.done.push((name.to_owned(), outcome, start.elapsed()));
        Ok(())
    }

    /// Runs a step that is not one command.
    pub fn work(&mut self, name: &str, what: &str, work: impl FnOnce() -> Result<()>) {
        say(&format!("\n== {name}: {what}"));
        let start = Instant::now();
        let outcome = match work() {
            Ok(()) => Outcome::Passed,
            Err(error) => {
                say(&format!("{error:#}"));
                Outcome::Failed(error.to_string().lines().next().unwrap_or_default().to_owned())
            }
        };
        self.done.push((name.to_owned(), outcome, start.elapsed()));
    }

    /// Records a check that passes if it has found nothing.
    pub fn check(&mut self, name: &str, what: &str, finding: &str, found: &[String]) {
        if found.is_empty() {
            say(&format!("\n== {name}: {what}"));
            return self.done.push((name.to_owned(), Outcome::Passed, Duration::ZERO));
        }
        self.fail(name, &format!("{finding}{}", found.join(", ")));
    }

    /// Records a step that fails before it starts.
    pub fn fail(&mut self, name: &str, reason: &str) {
        say(&format!("\n== {name}: {reason}"));
        self.done.push((name.to_owned(), Outcome::Failed(reason.to_owned()), Duration::ZERO));
    }

    /// Records a step that this machine cannot run.
    pub fn skip(&mut self, name: &str, reason: &str) {
        say(&format!("\n== {name}: skipped: {reason}"));
        self.done.push((name.to_owned(), Outcome::Skipped(reason.to_owned()), Duration::ZERO));
    }

    /// Prints every outcome and returns failure if any step has failed.
    pub fn summary(self) -> ExitCode {
        say("");
        let mut code = ExitCode::SUCCESS;
        for (name, outcome, time) in self.done {
            let text = match outcome {
                Outcome::Passed => format!("passed   {:7.1} s", time.as_secs_f64()),
                Outcome::Skipped(reason) => format!("skipped: {reason}"),
                Outcome::Failed(reason) => {
                    code = ExitCode::FAILURE;
                    format!("FAILED   {:7.1} s  {reason}", time.as_secs_f64())
                }
            };
            say(&format!("  {name:<15} {text}"));
        }
        code
    }
}

/// Runs a command without output and returns whether it succeeds.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Returns what a command prints, or an error with its last lines.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<_> = said.trim_end().lines().collect();
        let last = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default().join("\n");
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        bail!("{} failed:\n{last}", words.join(" "));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
