//! The compose file for real: images are built, and the suite is started, hurt, stopped and started again.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use orchard_testkit::cluster::{free_port, tail};
use serde_json::Value;
use uuid::Uuid;

use super::engine::Engine;
use super::steps::{Steps, output, succeeds};
use crate::output::Progress;
use crate::project::{EDGE, Project, SLICES};

/// What is built is run for a minute: a quarter of the time.
const QUICK: [&str; 3] =
    ["CARGO_PROFILE_RELEASE_OPT_LEVEL=0", "CARGO_PROFILE_RELEASE_LTO=off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16"];
/// Until a service that was hurt is well again.
const RECOVERY: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

/// Tries it where there is an engine, or one can be started.
pub fn check(steps: &mut Steps, project: &Project, assume_yes: bool) {
    let engine = match Engine::open(project, assume_yes) {
        Ok(Ok(engine)) => engine,
        Ok(Err(reason)) => return steps.skip("compose", &reason),
        Err(error) => return steps.fail("compose", &format!("{error:#}")),
    };
    steps.work("compose", "docker compose up, and what a day may bring", || {
        let suite = Suite { engine: &engine, project, name: name(project), port: free_port()?, progress: Progress::start() };
        // A run that was killed may have left something in an engine that was not.
        let outcome = suite.remove().and_then(|()| suite.build()).and_then(|()| suite.live());
        if outcome.is_err()
            && let Ok(said) = output(suite.compose().args(["logs", "--no-color", "--tail=8"]))
        {
            eprintln!("{said}");
        }
        let gone = suite.remove();
        outcome.and(gone)
    });
    if let Err(error) = engine.close() {
        steps.fail("engine", &format!("{error:#}"));
    }
}

/// Unlike a suite that somebody runs on the same engine, and another checkout's tests.
fn name(project: &Project) -> String {
    let root = Uuid::new_v5(&Uuid::NAMESPACE_OID, project.root().as_os_str().as_encoded_bytes()).simple().to_string();
    format!("orchard-test-{}", &root[..8])
}

struct Suite<'a> {
    engine: &'a Engine,
    project: &'a Project,
    name: String,
    port: u16,
    progress: Progress,
}

impl Suite<'_> {
    fn compose(&self) -> Command {
        let mut command = self.engine.docker();
        command.args(["compose", "--project-name", &self.name, "--ansi=never", "--progress=plain"]);
        command.arg("--file").arg(self.project.root().join("docker-compose.yml"));
        command.envs(self.engine.bases()).envs(self.images()).env("ORCHARD_PORT", self.port.to_string());
        command
    }

    fn images(&self) -> [(&'static str, String); 2] {
        [("ORCHARD_IMAGE", format!("{}/services", self.name)), ("ORCHARD_TOOLS_IMAGE", format!("{}/tools", self.name))]
    }

    fn build(&self) -> Result<()> {
        let log = self.project.state().join("compose.log");
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut build = self.compose();
        build.arg("build").args(QUICK.iter().flat_map(|argument| ["--build-arg", argument]));
        let status = build.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).status().context("cannot run docker")?;
        ensure!(status.success(), "the images do not build; the last lines were:\n{}", tail(&log, 20));
        let user = output(self.engine.docker().args(["image", "inspect", "--format={{.Config.User}}", &self.images()[0].1]))?;
        ensure!(user.trim() == "65532:65532", "the image's user is {user}");
        self.progress.step("the images are built");
        Ok(())
    }

    fn live(&self) -> Result<()> {
        self.up()?;
        self.progress.step("all serve");
        let plan = self.demo()?;
        let before = self.dashboard(&plan)?;
        ensure!(challenges(&before) == "SECTION_STATE_OK", "{before}");
        ensure!(self.outside_balance(&plan)? == before["walletBalance"], "another balance from outside");
        self.progress.step("the edge composes a dashboard, inside and at the published port");

        self.without_a_slice(&plan)?;
        self.crash(&plan)?;

        output(self.compose().arg("stop"))?;
        let ends = output(self.compose().args(["ps", "--all", "--format", "{{.Service}} {{.ExitCode}}"]))?;
        for service in SLICES.into_iter().chain([EDGE, "postgres"]) {
            ensure!(ends.lines().any(|line| line == format!("{service} 0")), "{service} did not end in order:\n{ends}");
        }
        self.up()?;
        let after = self.dashboard(&plan)?;
        ensure!(after["walletBalance"] == before["walletBalance"], "{before} became {after}");
        self.progress.step("all stop in order, and start again with what they knew");
        Ok(())
    }

    fn up(&self) -> Result<()> {
        output(self.compose().args(["up", "--no-build", "--wait", "--wait-timeout=120"])).map(|_| ())
    }

    /// Loads the demo by its profile, and finds the family that it tells of.
    fn demo(&self) -> Result<String> {
        output(self.compose().args(["--profile", "demo", "up", "--no-build", "--detach"]))?;
        let demo = output(self.compose().args(["--profile", "demo", "ps", "--all", "--quiet", "demo"]))?;
        let end = output(self.engine.docker().args(["wait", demo.trim()]))?;
        ensure!(end.trim() == "0", "the demo ended with {end}");
        let said = output(self.compose().args(["--profile", "demo", "logs", "--no-color", "demo"]))?;
        let plan = said.split_once("\"family_plan_id\":\"").and_then(|(_, rest)| rest.split_once('"'));
        Ok(plan.with_context(|| format!("the demo names no plan:\n{said}"))?.0.to_owned())
    }

    fn tools(&self, arguments: &[&str]) -> Result<String> {
        output(self.compose().args(["run", "--rm", "--no-TTY", "--no-deps", "tools"]).args(arguments))
    }

    fn dashboard(&self, plan: &str) -> Result<Value> {
        let answer = self.tools(&["grpc", "--user", "alice", "EdgeService/GetFamilyDashboard", &of(plan)])?;
        let dashboard = serde_json::from_str::<Value>(&answer)?["dashboard"].take();
        ensure!(dashboard["wallet"]["state"] == "SECTION_STATE_OK", "money is not shown: {dashboard}");
        Ok(dashboard)
    }

    /// The balance, by a caller who has no part in the containers but a token.
    fn outside_balance(&self, plan: &str) -> Result<Value> {
        let token = self.tools(&["token", "--user", "alice"])?;
        let mut call = self.engine.beside(std::env::current_exe()?);
        call.args(["grpc", "--address", &format!("127.0.0.1:{}", self.port), "--token", token.trim(), "PlanService/GetPlan"]);
        let answer: Value = serde_json::from_str(&output(call.arg(of(plan)))?)?;
        Ok(answer["plan"]["sharedWalletBalance"].clone())
    }

    fn without_a_slice(&self, plan: &str) -> Result<()> {
        output(self.compose().args(["kill", "social"]))?;
        let without = self.dashboard(plan)?;
        ensure!(challenges(&without) == "SECTION_STATE_UNAVAILABLE", "{without}");
        output(self.compose().args(["start", "social"]))?;
        self.well_again(plan)?;
        self.progress.step("a slice is killed: the edge answers without it, and with it when it is back");
        Ok(())
    }

    fn crash(&self, plan: &str) -> Result<()> {
        let container = output(self.compose().args(["ps", "--quiet", "social"]))?;
        let of_container = |what: &str| output(self.engine.docker().args(["inspect", "--format", what, container.trim()]));
        let Some(mut kill) = self.engine.crash(of_container("{{.State.Pid}}")?.trim()) else { return Ok(()) };
        output(&mut kill)?;
        let deadline = Instant::now() + RECOVERY;
        while of_container("{{.RestartCount}} {{.State.Health.Status}}")?.trim() != "1 healthy" {
            ensure!(Instant::now() < deadline, "a slice that ends by itself is not started again");
            std::thread::sleep(POLL);
        }
        self.well_again(plan)?;
        self.progress.step("a slice ends by itself, and is started again");
        Ok(())
    }

    fn well_again(&self, plan: &str) -> Result<()> {
        let deadline = Instant::now() + RECOVERY;
        loop {
            let dashboard = self.dashboard(plan)?;
            if challenges(&dashboard) == "SECTION_STATE_OK" {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("not well after {RECOVERY:?}: {dashboard}");
            }
            std::thread::sleep(POLL);
        }
    }

    fn remove(&self) -> Result<()> {
        output(self.compose().args(["--profile", "*", "down", "--volumes"]))?;
        let label = format!("label=com.docker.compose.project={}", self.name);
        for kind in [&["ps", "--all"][..], &["volume", "ls"], &["network", "ls"]] {
            let left = output(self.engine.docker().args(kind).args(["--quiet", "--filter", &label]))?;
            ensure!(left.trim().is_empty(), "{} leaves {left}", kind.join(" "));
        }
        for (_, image) in self.images() {
            // Those that are not there yet need no removing.
            succeeds(self.engine.docker().args(["image", "rm", &image]));
        }
        // Those that a newer build has taken the names of.
        output(self.engine.docker().args(["image", "prune", "--force", "--filter", &label]))?;
        Ok(())
    }
}

fn of(plan: &str) -> String {
    format!(r#"{{"family_plan_id":"{plan}"}}"#)
}

fn challenges(dashboard: &Value) -> &str {
    dashboard["challenges"]["state"].as_str().unwrap_or_default()
}
