//! Runs the compose file for real: builds images, starts the suite, kills services, stops and restarts it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use orchard_testkit::cluster::{free_port, tail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use uuid::Uuid;

use super::engine;
use super::steps::{Steps, output, succeeds};
use crate::output::Progress;
use crate::project::{Project, SERVICES};
use crate::up::build;

/// The oldest engine that can mount a part of a volume.
const OLDEST_ENGINE: u32 = 26;
const WHAT: &str = "docker compose up, with failures and a restart";
/// Longest time that a service takes to recover.
const RECOVERY: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

/// Run the compose file on the Docker engine that answers.
#[derive(clap::Args)]
pub struct Args {
    /// Build images of the programs in this folder instead of the sources.
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
}

/// Runs the compose file on the machine's engine or a private one, or says why that cannot be.
pub fn check(steps: &mut Steps, project: &Project, assume_yes: bool) -> Result<()> {
    if succeeds(Command::new("docker").arg("version")) {
        match unusable(project) {
            Some(reason) => steps.skip("compose", &reason),
            None => steps.work("compose", WHAT, || live(project, None)),
        }
        return Ok(());
    }
    match programs(project).and_then(|folder| Ok((engine::command(project, &folder.join("out/xtask"), assume_yes)?, folder))) {
        Ok((mut engine, folder)) => {
            engine.args(["compose", "--programs"]).arg(folder);
            steps.run("compose", engine)?;
        }
        Err(reason) => steps.skip("compose", &format!("{reason:#}")),
    }
    Ok(())
}

/// Runs the command, beside an engine.
pub fn run(args: &Args) -> Result<ExitCode> {
    live(&Project::find()?, args.programs.as_deref()).map(|()| ExitCode::SUCCESS)
}

/// Says why the machine's engine cannot be used, if it cannot.
fn unusable(project: &Project) -> Option<String> {
    let version = output(docker().args(["version", "--format", "{{.Server.Version}}"])).unwrap_or_default();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST_ENGINE) {
        return Some(format!("Docker is {}; {OLDEST_ENGINE}.0 or newer is needed", version.trim()));
    }
    let mut pull = docker();
    pull.args(["compose", "--file"]).arg(project.root().join("docker-compose.yml"));
    (!succeeds(pull.args(["pull", "--policy=missing", "postgres"]))).then(|| "images cannot be pulled".to_owned())
}

/// Builds the programs and lays them out as the build stage of the Dockerfile does: a private engine has no network to build in.
fn programs(project: &Project) -> Result<PathBuf> {
    let program = build::program(project, false)?;
    let folder = project.state().join("compose");
    fs::create_dir_all(folder.join("out/secrets")).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::copy(&program, folder.join("out/orchard")).context("cannot copy the program")?;
    fs::copy(std::env::current_exe()?, folder.join("out/xtask")).context("cannot copy this program")?;
    Ok(folder)
}

fn live(project: &Project, programs: Option<&Path>) -> Result<()> {
    let suite = Suite { project, name: name(project), port: free_port()?, progress: Progress::start() };
    // A killed run may have left containers in the machine's engine.
    let outcome = suite.remove().and_then(|()| suite.build(programs)).and_then(|()| suite.live());
    if outcome.is_err()
        && let Ok(log) = output(suite.compose().args(["logs", "--no-color", "--tail=8"]))
    {
        eprintln!("{log}");
    }
    let removed = suite.remove();
    outcome.and(removed)
}

/// Returns a name for the Compose project, other than `orchard`, and unique to this checkout.
fn name(project: &Project) -> String {
    let root = Uuid::new_v5(&Uuid::NAMESPACE_OID, project.root().as_os_str().as_encoded_bytes()).simple().to_string();
    format!("orchard-test-{}", &root[..8])
}

fn docker() -> Command {
    Command::new("docker")
}

struct Suite<'a> {
    project: &'a Project,
    name: String,
    port: u16,
    progress: Progress,
}

impl Suite<'_> {
    fn compose(&self) -> Command {
        let mut command = docker();
        command.args(["compose", "--project-name", &self.name, "--ansi=never", "--progress=plain"]);
        command.arg("--file").arg(self.project.root().join("docker-compose.yml"));
        command.envs(self.images()).env("ORCHARD_PORT", self.port.to_string());
        command
    }

    fn images(&self) -> [(&'static str, String); 2] {
        [("ORCHARD_IMAGE", format!("{}/services", self.name)), ("ORCHARD_TOOLS_IMAGE", format!("{}/tools", self.name))]
    }

    fn build(&self, programs: Option<&Path>) -> Result<()> {
        let log = self.project.state().join("compose.log");
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut build = self.compose();
        if let Some(programs) = programs {
            let replaced = json!({"build": {"additional_contexts": {"build": programs}}});
            let services = ["secrets", "family-migrate"].map(|service| (service.to_owned(), replaced.clone()));
            let services = json!({"services": serde_json::Map::from_iter(services)});
            let file = programs.join("compose.json");
            fs::write(&file, services.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
            build.arg("--file").arg(file);
        }
        build.args(["build", "--build-arg=CARGO_PROFILE_RELEASE_OPT_LEVEL=0", "secrets", "family-migrate"]);
        let status = build.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).status().context("cannot run docker")?;
        ensure!(status.success(), "the images do not build; the last lines were:\n{}", tail(&log, 20));
        let user = output(docker().args(["image", "inspect", "--format={{.Config.User}}", &self.images()[0].1]))?;
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
        ensure!(self.outside_balance(&plan)? == before["walletBalance"], "outside, the balance is different");
        self.progress.step("the edge serves the dashboard, in its network and at the published port");

        self.without_a_slice(&plan)?;
        self.crash(&plan)?;

        output(self.compose().arg("stop"))?;
        let ends = output(self.compose().args(["ps", "--all", "--format", "{{.Service}} {{.ExitCode}}"]))?;
        for service in SERVICES.into_iter().chain(["postgres"]) {
            ensure!(ends.lines().any(|line| line == format!("{service} 0")), "{service} did not end in order:\n{ends}");
        }
        self.up()?;
        let after = self.dashboard(&plan)?;
        ensure!(after["walletBalance"] == before["walletBalance"], "{before} became {after}");
        self.progress.step("all stop in order and restart with their data");
        Ok(())
    }

    fn up(&self) -> Result<()> {
        output(self.compose().args(["up", "--no-build", "--wait", "--wait-timeout=120"])).map(|_| ())
    }

    /// Loads the demo by its profile and returns the plan that it prints.
    fn demo(&self) -> Result<String> {
        output(self.compose().args(["--profile", "demo", "up", "--no-build", "--detach"]))?;
        let demo = output(self.compose().args(["--profile", "demo", "ps", "--all", "--quiet", "demo"]))?;
        let end = output(docker().args(["wait", demo.trim()]))?;
        ensure!(end.trim() == "0", "the demo ended with {end}");
        let log = output(self.compose().args(["--profile", "demo", "logs", "--no-color", "demo"]))?;
        let plan = log.split_once("\"family_plan_id\":\"").and_then(|(_, rest)| rest.split_once('"'));
        Ok(plan.with_context(|| format!("the demo prints no plan:\n{log}"))?.0.to_owned())
    }

    fn tools(&self, arguments: &[&str]) -> Result<String> {
        output(self.compose().args(["run", "--rm", "--no-TTY", "--no-deps", "tools"]).args(arguments))
    }

    fn dashboard(&self, plan: &str) -> Result<Value> {
        let answer = self.tools(&["grpc", "--user", "alice", "EdgeService/GetFamilyDashboard", &of(plan)])?;
        let dashboard = serde_json::from_str::<Value>(&answer)?["dashboard"].take();
        ensure!(dashboard["wallet"]["state"] == "SECTION_STATE_OK", "the dashboard has no balance: {dashboard}");
        Ok(dashboard)
    }

    /// Returns the balance as a caller outside the containers sees it.
    fn outside_balance(&self, plan: &str) -> Result<Value> {
        let token = self.tools(&["token", "--user", "alice"])?;
        let mut call = Command::new(std::env::current_exe()?);
        call.args(["grpc", "--address", &format!("127.0.0.1:{}", self.port), "--token", token.trim(), "PlanService/GetPlan"]);
        let answer: Value = serde_json::from_str(&output(call.arg(of(plan)))?)?;
        Ok(answer["plan"]["sharedWalletBalance"].clone())
    }

    fn without_a_slice(&self, plan: &str) -> Result<()> {
        output(self.compose().args(["kill", "social"]))?;
        let without = self.dashboard(plan)?;
        ensure!(challenges(&without) == "SECTION_STATE_UNAVAILABLE", "{without}");
        output(self.compose().args(["start", "social"]))?;
        self.recovers(plan)?;
        self.progress.step("a killed slice is missing from the dashboard until it is started again");
        Ok(())
    }

    fn crash(&self, plan: &str) -> Result<()> {
        let container = output(self.compose().args(["ps", "--quiet", "social"]))?;
        let of_container = |what: &str| output(docker().args(["inspect", "--format", what, container.trim()]));
        let process = of_container("{{.State.Pid}}")?.trim().parse().ok().and_then(Pid::from_raw).context("no process")?;
        // An engine may run elsewhere, or its processes belong to another user.
        let is_here =
            fs::read_to_string(format!("/proc/{}/comm", process.as_raw_nonzero())).is_ok_and(|name| name == "orchard\n");
        if !is_here || kill_process(process, Signal::KILL).is_err() {
            return Ok(());
        }
        let deadline = Instant::now() + RECOVERY;
        while of_container("{{.RestartCount}} {{.State.Health.Status}}")?.trim() != "1 healthy" {
            ensure!(Instant::now() < deadline, "a slice that crashes is not restarted");
            std::thread::sleep(POLL);
        }
        self.recovers(plan)?;
        self.progress.step("a slice that crashes is restarted");
        Ok(())
    }

    fn recovers(&self, plan: &str) -> Result<()> {
        let deadline = Instant::now() + RECOVERY;
        loop {
            let dashboard = self.dashboard(plan)?;
            if challenges(&dashboard) == "SECTION_STATE_OK" {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("no recovery within {RECOVERY:?}: {dashboard}");
            }
            std::thread::sleep(POLL);
        }
    }

    fn remove(&self) -> Result<()> {
        output(self.compose().args(["--profile", "*", "down", "--volumes"]))?;
        let label = format!("label=com.docker.compose.project={}", self.name);
        for kind in [&["ps", "--all"][..], &["volume", "ls"], &["network", "ls"]] {
            let left = output(docker().args(kind).args(["--quiet", "--filter", &label]))?;
            ensure!(left.trim().is_empty(), "{} leaves {left}", kind.join(" "));
        }
        for (_, image) in self.images() {
            // Fails if the image does not exist yet.
            succeeds(docker().args(["image", "rm", &image]));
        }
        // Images whose names a newer build has taken.
        output(docker().args(["image", "prune", "--force", "--filter", &label]))?;
        Ok(())
    }
}

fn of(plan: &str) -> String {
    format!(r#"{{"family_plan_id":"{plan}"}}"#)
}

fn challenges(dashboard: &Value) -> &str {
    dashboard["challenges"]["state"].as_str().unwrap_or_default()
}
