//! Tasks that run as long as their process.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use metrics::counter;
use tokio::time::{Instant, sleep};

/// The first wait before a task is started again. Each later one is twice as long, up to the second value.
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));

/// Runs a task, and again whenever it ends or panics: one input that it cannot take must not end it for all others.
pub async fn supervise<F: Future>(task: &'static str, mut run: impl FnMut() -> F) -> Infallible {
    metrics::describe_counter!(
        "orchard_background_restarts_total",
        "Background tasks that ended or panicked and were started again"
    );
    let mut wait = WAIT.0;
    loop {
        let begun = Instant::now();
        // What the task leaves half done in memory is its own: it begins anew.
        let ended = AssertUnwindSafe(run()).catch_unwind().await;
        // The panic hook has logged the location.
        tracing::error!(task, panicked = ended.is_err(), "a background task ended; it is started again");
        counter!("orchard_background_restarts_total", "task" => task).increment(1);
        if begun.elapsed() > WAIT.1 {
            wait = WAIT.0;
        }
        sleep(wait).await;
        wait = (wait * 2).min(WAIT.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::sync::Notify;

    #[tokio::test]
    async fn a_task_that_panics_or_ends_runs_again_after_longer_waits() {
        let (starts, runs_again) = (Mutex::new(Vec::new()), Notify::new());
        let task = supervise("test", || {
            let number = {
                let mut starts = starts.lock().expect("starts");
                starts.push(Instant::now());
                starts.len()
            };
            let runs_again = &runs_again;
            async move {
                match number {
                    1 => panic!("on purpose"),
                    2 => {}
                    _ => {
                        runs_again.notify_one();
                        std::future::pending().await
                    }
                }
            }
        });
        tokio::select! { never = task => match never {}, () = runs_again.notified() => {} }
        let starts = starts.into_inner().expect("starts");
        assert!(starts[1] - starts[0] >= WAIT.0 && starts[2] - starts[1] >= 2 * WAIT.0, "{starts:?}");
    }
}
