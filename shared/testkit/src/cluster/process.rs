//! Child processes that end when this process does, even when it is killed.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::Pid;
pub use rustix::process::Signal;

const POLL: Duration = Duration::from_millis(10);

/// A command that runs `program` and has the kernel send it `signal` (such as `TERM`) when this process is gone.
///
/// The program is to be started by [`Process::spawn`]. `setpriv` becomes the program, so the process id is the program's own.
pub fn bound(program: impl AsRef<OsStr>, signal: &str) -> Command {
    let mut command = setpriv(signal);
    command.arg("--").arg(program);
    command
}

pub(super) fn setpriv(signal: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal]);
    command
}

/// A child process in a process group of its own, so that a terminal's Ctrl-C reaches it only through this process.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a command, usually one of [`bound`].
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        command.process_group(0);
        let (reply, answer) = channel();
        let gone = || io::Error::other("the thread that starts processes is gone");
        keeper().lock().map_err(|_| gone())?.send(Job { command, reply }).map_err(|_| gone())?;
        let child = answer.recv().map_err(|_| gone())??;
        Ok(Self { child })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends a signal; one that comes after the end changes nothing.
    pub fn signal(&mut self, signal: Signal) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        rustix::process::kill_process(Pid::from_child(&self.child), signal)?;
        Ok(())
    }

    /// Waits for its end, at most `limit`.
    pub fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Asks it to end with `signal`, waits for at most `grace`, and then kills it.
    pub fn end(&mut self, signal: Signal, grace: Duration) -> io::Result<ExitStatus> {
        self.signal(signal)?;
        if let Some(status) = self.wait(grace)? {
            return Ok(status);
        }
        self.child.kill()?;
        self.child.wait()
    }
}

struct Job {
    command: Command,
    reply: Sender<io::Result<Child>>,
}

/// The parent's death, to the kernel, is that of the *thread* that started the child, so one thread that never ends starts all.
fn keeper() -> &'static Mutex<Sender<Job>> {
    static KEEPER: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    KEEPER.get_or_init(|| {
        let (jobs, queue): (Sender<Job>, Receiver<Job>) = channel();
        std::thread::spawn(move || {
            for mut job in queue {
                // The asker waits for the answer, so that it is gone is not possible.
                let _ = job.reply.send(job.command.spawn());
            }
        });
        Mutex::new(jobs)
    })
}
