//! Installs the browser in which the page of the edge is tried.

use std::process::Command;

use anyhow::Result;

use super::steps::{Steps, succeeds};

const SCRIPT: &str = r#"
export DEBIAN_FRONTEND=noninteractive
apt="apt-get -o DPkg::Lock::Timeout=120 -qq"
$apt update || true
$apt install -y --no-install-recommends chromium >/dev/null
"#;

/// Installs Chromium from Debian's packages, as root, unless it is there. Without it, the block of the page that needs it is skipped.
pub fn install(steps: &mut Steps) -> Result<()> {
    let has = |program: &str| succeeds(Command::new("sh").args(["-c", &format!("command -v {program}")]));
    if has("chromium") {
        return Ok(());
    }
    if !rustix::process::geteuid().is_root() || !has("apt-get") || !has("npm") {
        steps.skip("browser", "chromium is not installed; it comes with `apt-get install chromium`, and its tests need npm");
        return Ok(());
    }
    let mut install = Command::new("sh");
    install.args(["-c", SCRIPT]);
    steps.run("browser", install)
}
