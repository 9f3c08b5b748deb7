//! Runs a command of a service's program: async runtime, telemetry, signals, exit status.

use std::process::ExitCode;

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::options::ServeOptions;
use crate::telemetry;

/// Runs `work` with the worker threads and the telemetry that the options ask for.
pub(crate) fn run(name: &str, options: &ServeOptions, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = match options.workers {
        1 => single_threaded()?,
        more => Builder::new_multi_thread()
            .worker_threads(more.into())
            .enable_all()
            .build()
            .context("cannot start the async runtime")?,
    };
    runtime.block_on(async {
        let telemetry = telemetry::start(name, &options.log, options.log_format, &options.traces)?;
        raise_descriptor_limit();
        let result = work.await;
        telemetry::lines::report_left_out();
        telemetry.end().await;
        result
    })
}

/// Starts a runtime on the current thread.
pub(crate) fn single_threaded() -> anyhow::Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("cannot start the async runtime")
}

/// Returns a future that ends at SIGTERM or SIGINT.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    })
}

/// Prints the error, if there is one, and returns the exit status.
pub(crate) fn exit(name: &str, result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Raises the soft limit of file descriptors to the hard one: shells and some container engines set the soft one low.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "cannot raise the file descriptor limit");
    }
}
