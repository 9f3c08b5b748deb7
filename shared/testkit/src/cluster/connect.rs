//! The only question that tells whether the server is ready: does it take a connection?

use std::time::Duration;

const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);

/// Connects with the password, once. On a thread of its own: the caller's may already be a runtime's, which must not be blocked on.
pub(super) fn attempt(url: &str) -> Result<(), String> {
    let url = url.to_owned();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let connect = tokio_postgres::connect(&url, tokio_postgres::NoTls);
            match tokio::time::timeout(ATTEMPT_LIMIT, connect).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(chain(&error)),
                Err(_) => Err("no answer to the attempt to connect".to_owned()),
            }
        })
    })
    .join()
    .map_err(|_| "the attempt to connect panicked".to_owned())?
}

/// All that is known of a failure: the driver's own words are as few as "error connecting to server".
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
