//! What images are built on. Where they cannot be pulled, as in the private engine, which has no network, they are made of Debian's
//! packages and this machine's Rust.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use uuid::Uuid;

use super::private::Private;
use crate::project::Project;
use crate::test::steps::{output, succeeds};

/// The images' names, or those of what stands in for them.
pub struct Bases {
    pub rust: String,
    pub runtime: String,
    pub postgres: String,
}

const DEBIAN: &str = "orchard-test/debian";
const RUST: &str = "orchard-test/rust";
const RUNTIME: &str = "orchard-test/runtime";
const POSTGRES: &str = "orchard-test/postgres";

/// The C library, and no program: as in the runtime image that is asked for.
const RUNTIME_FILES: &str = r#"
cd "$1"
{ printf '/%s\n' lib lib64 etc/passwd etc/group etc/nsswitch.conf etc/ssl/certs/ca-certificates.crt
  chroot . dpkg --listfiles libc6 libgcc-s1; } |
  while read -r file; do if [ -L ".$file" ] || [ -f ".$file" ]; then echo ".$file"; fi; done |
  tar --create --no-recursion --files-from=-
"#;
/// All but what the engine keeps in it, and what packages came in.
const DEBIAN_FILES: &str = r#"
exec tar --create --one-file-system --exclude=./var/lib/docker --exclude=./var/lib/containerd --exclude=./var/cache/apt \
  --exclude=./var/lib/apt --exclude=./proc --exclude=./sys --exclude=./dev --exclude=./run --directory="$1" .
"#;
/// This machine's compiler, and what it has fetched, beside a Dockerfile.
const RUST_FILES: &str = r#"
exec tar --create --directory="$1" Dockerfile --directory="$2" lib bin --directory="$3" registry/cache registry/index
"#;
const RUST_DOCKERFILE: &str = "FROM orchard-test/debian
ENV CARGO_HOME=/opt/cargo CARGO_NET_OFFLINE=true PATH=/opt/rust/bin:/usr/bin:/bin
COPY lib /opt/rust/lib
COPY bin /opt/rust/bin
COPY registry /opt/cargo/registry
";
/// Of the ways of PostgreSQL's official image, those that the compose file uses.
const POSTGRES_ENTRY: &str = r#"set -eu
data=/var/lib/postgresql/data programs=$(echo /usr/lib/postgresql/*/bin)
case ${1:-} in --version) exec "$programs/postgres" --version ;; esac
as="setpriv --reuid=postgres --regid=postgres --init-groups"
if [ ! -e "$data/PG_VERSION" ]; then
  mkdir -p "$data" && chown postgres: "$data" && chmod 700 "$data"
  install -o postgres -m 600 "$POSTGRES_PASSWORD_FILE" /tmp/password
  $as "$programs/initdb" --pgdata="$data" --auth-host=scram-sha-256 --auth-local=trust --pwfile=/tmp/password
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
fi
exec $as "$programs/postgres" -D "$data" -c 'listen_addresses=*' -c unix_socket_directories=/tmp "$@""#;

impl Bases {
    /// As they are named where nothing else is said.
    pub fn public(project: &Project) -> Result<Self> {
        let default = |file: &str, before: &str, after: char| {
            let text = std::fs::read_to_string(project.root().join(file))?;
            let rest = text.split_once(before).with_context(|| format!("{file} has no {before}"))?.1;
            anyhow::Ok(rest.split(after).next().unwrap_or_default().to_owned())
        };
        Ok(Self {
            rust: default("deploy/Dockerfile", "ARG RUST_IMAGE=", '\n')?,
            runtime: default("deploy/Dockerfile", "ARG RUNTIME_IMAGE=", '\n')?,
            postgres: default("docker-compose.yml", "${POSTGRES_IMAGE:-", '}')?,
        })
    }

    /// All three.
    pub fn names(&self) -> [&str; 3] {
        [&self.rust, &self.runtime, &self.postgres]
    }

    /// By the variables that choose them.
    pub fn variables(&self) -> [(&'static str, &str); 3] {
        [("RUST_IMAGE", &self.rust), ("RUNTIME_IMAGE", &self.runtime), ("POSTGRES_IMAGE", &self.postgres)]
    }
}

/// Makes those that are missing.
pub fn make(engine: &Private, project: &Project) -> Result<Bases> {
    let root = engine.root();
    if !has(engine, DEBIAN) {
        feed(shell(DEBIAN_FILES, &[root]), engine.docker().args(["import", "-", DEBIAN]))?;
    }
    if !has(engine, RUNTIME) {
        feed(shell(RUNTIME_FILES, &[root]), engine.docker().args(["import", "-", RUNTIME]))?;
    }
    if !has(engine, POSTGRES) {
        let entry = serde_json::to_string(&["/bin/sh", "-c", POSTGRES_ENTRY, "postgres"])?;
        let mut dockerfile = Command::new("printf");
        dockerfile.args(["FROM %s\nENTRYPOINT %s\n", DEBIAN, &entry]);
        feed(dockerfile, engine.docker().args(["build", "--tag", POSTGRES, "-"]))?;
    }
    let rust = rust(engine, project)?;
    Ok(Bases { rust, runtime: RUNTIME.to_owned(), postgres: POSTGRES.to_owned() })
}

/// This machine's compiler, and the crates of the lock file: there is no network to fetch them by.
fn rust(engine: &Private, project: &Project) -> Result<String> {
    let version = output(Command::new("rustc").current_dir(project.root()).arg("-vV"))?;
    let lock = std::fs::read(project.root().join("Cargo.lock")).context("no Cargo.lock")?;
    let image = format!("{RUST}:{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, &[version.into_bytes(), lock].concat()).simple());
    if has(engine, &image) {
        return Ok(image);
    }
    for old in output(engine.docker().args(["image", "ls", "--quiet", RUST]))?.lines() {
        output(engine.docker().args(["image", "rm", "--force", old]))?;
    }
    output(project.cargo().args(["fetch", "--locked", "--quiet"]))?;
    let compiler = output(Command::new("rustc").current_dir(project.root()).args(["--print", "sysroot"]))?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home =
        home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))).context("no CARGO_HOME and no HOME")?;
    let folder = project.state().join("engine");
    std::fs::write(folder.join("Dockerfile"), RUST_DOCKERFILE).context("cannot write a Dockerfile")?;
    let files = shell(RUST_FILES, &[&folder, Path::new(compiler.trim()), &home]);
    feed(files, engine.docker().args(["build", "--tag", &image, "-"]))?;
    Ok(image)
}

fn has(engine: &Private, image: &str) -> bool {
    succeeds(engine.docker().args(["image", "inspect", image]))
}

fn shell(script: &str, arguments: &[&Path]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args(arguments);
    command
}

/// Has Docker make an image of what a command gives.
fn feed(mut source: Command, docker: &mut Command) -> Result<()> {
    let mut source = source.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot run a command")?;
    let given = source.stdout.take().context("no output")?;
    let made = docker.stdin(given).output().context("cannot run docker")?;
    let source = source.wait()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    ensure!(source.success(), "what an image is made of cannot be read ({source})");
    Ok(())
}
