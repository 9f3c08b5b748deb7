//! Removes a temporary cluster even when the process that uses it is killed or never drops it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Standard input ends when the last holder of its other end does, which is this process, however it ends. The server gets its
/// own signal at that moment; it is only waited for. A server whose folder is gone ends by itself, should the signal be lost.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
read -r _
home=$1
if [ -f "$1/location" ]; then home=$(cat "$1/location"); fi
case $home in "$1" | /var/tmp/orchard-*) ;; *) home=$1 ;; esac
pid=$(head -n 1 "$home/data/postmaster.pid" 2>/dev/null)
n=0
while [ -n "$pid" ] && [ "$n" -lt 100 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; n=$((n + 1)); done
n=0
until rm -rf -- "$home" "$1" || [ "$n" -ge 20 ]; do sleep 0.1; n=$((n + 1)); done
"#;

#[derive(Debug)]
pub(super) struct Watchdog {
    child: Child,
}

impl Watchdog {
    pub(super) fn set(folder: &Path) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).arg(folder).current_dir("/");
        // Its own group, because a terminal's Ctrl-C and a test runner's timeout go to the whole group.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { child: command.spawn()? })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
