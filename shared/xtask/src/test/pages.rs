//! Checks the pages: links lead somewhere, and blocks of commands do what the page says.
//!
//! Blocks `sh` are run. `needs=<what>` behind the language names what must be there; with `needs=up`, calls may be refused, and a block
//! `text` that follows is the output, where `...` stands for any lines, and ids and numbers may differ. Other blocks must succeed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::steps::{self, Steps};
use crate::output::say;
use crate::project::{DEFAULT_PORT, Project};
use crate::up::ports::Ports;

/// Checks all pages.
pub fn check(steps: &mut Steps, project: &Project) -> Result<()> {
    let mut pages = Vec::new();
    collect(project.root(), &mut pages)?;
    pages.sort();
    let mut broken = Vec::new();
    for page in &pages {
        broken.extend(broken_links(page)?);
    }
    steps.check("links", "each leads to a file", "these lead nowhere: ", &broken);
    steps.work("pages", "the blocks of commands in the pages", || {
        let suite = Suite::start(project)?;
        let mut failures = Vec::new();
        for page in &pages {
            let name = page.strip_prefix(project.root()).unwrap_or(page).display().to_string();
            for block in blocks(&fs::read_to_string(page)?) {
                if let Some(missing) = block.missing() {
                    say(&format!("{name}:{}: skipped: {missing}", block.line));
                } else if let Err(error) = suite.run(&block) {
                    say(&format!("{name}:{}: {error:#}", block.line));
                    failures.push(format!("{name}:{}", block.line));
                }
            }
        }
        ensure!(failures.is_empty(), "these blocks do not do what their pages say: {}", failures.join(", "));
        Ok(())
    });
    Ok(())
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            collect(&path, pages)?;
        } else if name.ends_with(".md") {
            pages.push(path);
        }
    }
    Ok(())
}

fn broken_links(page: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(page)?;
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    let local = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
    let folder = page.parent().unwrap_or(page);
    let is_broken = |link: &&str| !folder.join(link.split('#').next().unwrap_or_default()).exists();
    Ok(local.filter(is_broken).map(|link| format!("{} in {}", link, page.display())).collect())
}

/// A block of commands.
struct Block {
    line: usize,
    language: String,
    needs: Option<String>,
    text: String,
    /// The output that the page shows behind the block.
    output: Option<String>,
}

/// Returns the blocks of a page that hold commands.
fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    for (line, number) in page.lines().zip(1..) {
        match (&mut open, line.strip_prefix("```")) {
            (Some(block), Some(_)) if block.language == "text" => {
                let text = std::mem::take(&mut block.text);
                if let Some(block) = found.last_mut().filter(|block| block.output.is_none()) {
                    block.output = Some(text);
                }
                open = None;
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(block), None) => block.text.push_str(&format!("{line}\n")),
            (None, Some(info)) => {
                let (language, needs) =
                    info.split_once(" needs=").map_or((info, None), |(language, needs)| (language, Some(needs)));
                let (language, needs) = (language.to_owned(), needs.map(str::to_owned));
                open = Some(Block { line: number, language, needs, text: String::new(), output: None });
            }
            (None, None) => {}
        }
    }
    found.retain(|block| block.language == "sh");
    found
}

impl Block {
    /// Says what this machine lacks for the block, or which other step runs it.
    fn missing(&self) -> Option<String> {
        match self.needs.as_deref() {
            None | Some("up") => None,
            Some("terminal") => Some("these commands run this check".to_owned()),
            Some("docker") => Some("the compose step runs these commands".to_owned()),
            Some("cluster") => Some("there is no cluster".to_owned()),
            Some(tool) => {
                let is_there = steps::succeeds(Command::new("sh").args(["-c", &format!("command -v {tool}")]));
                (!is_there).then(|| format!("{tool} is not installed"))
            }
        }
    }
}

/// The suite that the commands call.
struct Suite<'a> {
    up: Child,
    project: &'a Project,
    variables: BTreeMap<String, String>,
}

impl<'a> Suite<'a> {
    fn start(project: &'a Project) -> Result<Self> {
        let folder = project.state().join("pages");
        let file = folder.join("demo.env");
        let port = Ports::free(DEFAULT_PORT + 400)?.edge().to_string();
        let mut up = Command::new(std::env::current_exe()?);
        up.args(["up", "--page", "--fresh", "--yes", "--port", &port, "--folder"]).arg(&folder);
        let mut up = up.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(up.stdout.take().context("no output")?).lines().map_while(Result::ok);
        let is_up = lines.any(|line| line.contains("demo.env"));
        // It must not wait for somebody who reads what it prints.
        std::thread::spawn(move || lines.for_each(drop));
        let mut suite = Self { up, project, variables: BTreeMap::new() };
        ensure!(is_up, "`up` has ended");
        let exports = fs::read_to_string(&file)?;
        let exports = exports.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        suite.variables = exports.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(suite)
    }

    fn run(&self, block: &Block) -> Result<()> {
        let (succeeded, output) = self.bash(block)?;
        match &block.output {
            Some(expected) => {
                ensure!(matches(&normalised(expected), &normalised(&output)), "answered\n{output}instead of\n{expected}")
            }
            None if block.needs.as_deref() == Some("up") => ensure!(!output.lines().any(is_failure), "failed:\n{output}"),
            None => ensure!(succeeded, "failed:\n{output}"),
        }
        Ok(())
    }

    fn bash(&self, block: &Block) -> Result<(bool, String)> {
        let options = if block.needs.as_deref() == Some("up") { "-uo" } else { "-euo" };
        // The pages name the folder and the default ports of `up`.
        let script = block.text.replace("target/orchard/up/", "target/orchard/pages/").replace("127.0.0.1:15051", "$FAMILY");
        let mut bash = self.project.command("bash");
        bash.args([options, "pipefail", "-c", &format!("exec 2>&1\n{script}")]);
        let output = bash.envs(&self.variables).stdin(Stdio::null()).output().context("cannot run bash")?;
        Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
    }
}

/// Whether a line is about a call that did not come to an answer of a service, or is a service's own fault.
fn is_failure(line: &str) -> bool {
    ["error:", "INTERNAL", "UNAVAILABLE", "UNKNOWN", "bash:"].iter().any(|start| line.starts_with(start))
}

impl Drop for Suite<'_> {
    fn drop(&mut self) {
        // Stops the services and PostgreSQL in order.
        let pid = rustix::process::Pid::from_child(&self.up);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let _ = self.up.wait();
    }
}

/// Replaces ids and numbers, and leaves out what cargo says.
fn normalised(text: &str) -> Vec<String> {
    let is_of_cargo = |line: &&str| ["Finished ", "Running ", "Blocking "].iter().any(|word| line.trim_start().starts_with(word));
    let lines = text.lines().filter(|line| !is_of_cargo(line) && !line.is_empty());
    let word = |word: &str| match uuid::Uuid::try_parse(word) {
        Ok(_) => "#".to_owned(),
        Err(_) => word.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#"),
    };
    let separators = |c: char| matches!(c, ' ' | '"' | ',' | '(' | ')' | '`');
    lines.map(|line| line.trim_end().split(separators).map(word).collect::<Vec<_>>().join(" ")).collect()
}

/// Compares lines, where `...` stands for any number of them.
fn matches(expected: &[String], actual: &[String]) -> bool {
    match (expected.split_first(), actual.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first.trim() == "..." => (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..])),
        (Some((first, rest)), Some((line, others))) => first == line && matches(rest, others),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_needs_and_output() {
        let found = blocks("text\n```sh needs=up\na\n```\n```text\nb\n```\n```sh\nc\n```\n```rust\nd\n```\n");
        let found: Vec<_> = found.iter().map(|block| (block.line, block.needs.as_deref(), block.output.as_deref())).collect();
        assert_eq!(found, [(2, Some("up"), Some("b\n")), (8, None, None)]);
    }

    #[test]
    fn ids_and_numbers_may_differ_and_words_may_not() {
        let says = |expected: &str, actual: &str| matches(&normalised(expected), &normalised(actual));
        assert!(says(
            "\"id\": \"01a20933-ee27-76f1-bcd6-15bf57406079\", 12",
            "\"id\": \"01a20934-0000-76f1-bcd6-15bf57406079\", 7"
        ));
        assert!(says("{\n...\n}", "{\n\"a\": 1\n\"b\": 2\n}"));
        assert!(!says("NOT_FOUND", "PERMISSION_DENIED"));
        assert!(!says("{\n}", "{\n\"a\": 1\n}"));
    }
}
