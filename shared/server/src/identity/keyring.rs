//! An issuer's keys over time: they are read again and again, and stay accepted for a while when that fails.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use tokio::sync::watch;
use tokio::time::sleep;

use super::clock::Clock;
use super::keys::Keys;
use super::options::IdentityOptions;
use super::source::Source;

/// How often a file is read again. Its content is compared, because neither modification times nor file events tell reliably that a
/// volume was swapped under a symbolic link.
const FILE_PERIOD: Duration = Duration::from_secs(10);
/// How soon after a failure the keys are read again.
const RETRY_PERIOD: Duration = Duration::from_secs(5);
/// The least time between reads that unknown key ids cause, however many callers send them.
const UNKNOWN_KEY_PERIOD: Duration = Duration::from_secs(10);

/// An issuer's keys. [`Keyring::keep`] alone reads them; all others see what it has read.
#[derive(Debug)]
pub(crate) struct Keyring<S> {
    issuer: String,
    source: Source,
    period: Duration,
    stale_limit: Duration,
    clock: Clock,
    state: watch::Sender<State<S>>,
}

#[derive(Debug)]
struct State<S> {
    loaded: Option<Loaded<S>>,
    freshness: Freshness,
    /// The number of reads that callers have requested.
    requested: u64,
    /// The last requested read that has ended.
    completed: u64,
    requested_at: Option<Instant>,
}

#[derive(Debug)]
struct Loaded<S> {
    keys: Arc<Keys<S>>,
    text: Vec<u8>,
    read_at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    /// The keys have not been read yet.
    Unread,
    /// The last read succeeded.
    Fresh,
    /// The last read failed; earlier keys are still accepted.
    Stale,
    /// There are no keys, or they are too old to be accepted.
    Expired,
}

/// Why there is no key for an id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyError {
    /// The issuer has no such key.
    Unknown,
    /// It is not known now which keys the issuer has.
    Unavailable,
}

impl<S> Keyring<S> {
    /// Opens a source. A file must be usable at once; an address may become available later.
    pub(crate) async fn open(issuer: &str, source: Source, options: &IdentityOptions) -> anyhow::Result<Self> {
        let period = match source {
            Source::File(_) => FILE_PERIOD.min(options.jwks_refresh),
            Source::Url(_) => options.jwks_refresh,
        };
        let state = State { loaded: None, freshness: Freshness::Unread, requested: 0, completed: 0, requested_at: None };
        let ring = Self {
            issuer: issuer.to_owned(),
            period,
            stale_limit: options.jwks_stale_limit,
            clock: options.clock.clone(),
            state: watch::Sender::new(state),
            source,
        };
        if matches!(ring.source, Source::File(_)) {
            let loaded = ring.read().await.map_err(|error| error.context(format!("cannot use the JWKS {}", ring.source)))?;
            ring.state.send_modify(|state| (state.loaded, state.freshness) = (Some(loaded), Freshness::Fresh));
        }
        Ok(ring)
    }

    /// Returns the keys that are accepted now.
    pub(crate) fn current(&self) -> Option<Arc<Keys<S>>> {
        let state = self.state.borrow();
        state.loaded.as_ref().filter(|loaded| self.is_accepted(loaded)).map(|loaded| Arc::clone(&loaded.keys))
    }

    /// Returns the accepted keys, which include the key `id`. If they lack it, they are read again first, unless that was done recently.
    pub(crate) async fn with(&self, id: &str) -> Result<Arc<Keys<S>>, KeyError> {
        let keys = self.current().ok_or(KeyError::Unavailable)?;
        if keys.get(id).is_some() {
            return Ok(keys);
        }
        self.read_again().await;
        let keys = self.current().ok_or(KeyError::Unavailable)?;
        match keys.get(id) {
            Some(_) => Ok(keys),
            // The key may be new and could not be read.
            None if self.state.borrow().freshness != Freshness::Fresh => Err(KeyError::Unavailable),
            None => Err(KeyError::Unknown),
        }
    }

    /// Returns an error while no keys are accepted.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        let _ = self.state.subscribe().wait_for(|state| state.freshness != Freshness::Unread).await;
        match self.current() {
            Some(_) => Ok(()),
            None => Err(anyhow!("no keys of {} from {}", self.issuer, self.source)),
        }
    }

    /// Sets the gauge of the keys' age.
    pub(crate) fn set_gauge(&self) {
        if let Some(loaded) = &self.state.borrow().loaded {
            let age = self.clock.instant().saturating_duration_since(loaded.read_at);
            metrics::gauge!("orchard_keys_age_seconds", "issuer" => self.issuer.clone()).set(age.as_secs_f64());
        }
    }

    /// Reads the keys periodically, and when a caller requests it, until dropped.
    pub(crate) async fn keep(&self) -> Infallible {
        let mut requests = self.state.subscribe();
        loop {
            let requested = self.state.borrow().requested;
            let read = self.read().await;
            let pause = if read.is_ok() { self.period } else { RETRY_PERIOD.min(self.period) };
            self.update(read, requested);
            tokio::select! {
                () = sleep(pause) => {}
                _ = requests.wait_for(|state| state.requested > state.completed) => {}
            }
        }
    }

    /// Waits for a read that begins after this call. Returns at once, or with the read in progress, if one was requested recently.
    async fn read_again(&self) {
        let mut state = self.state.subscribe();
        let (now, mut awaited) = (self.clock.instant(), 0);
        self.state.send_if_modified(|state| {
            let is_due = state.requested_at.is_none_or(|at| now.saturating_duration_since(at) >= UNKNOWN_KEY_PERIOD);
            if is_due {
                state.requested += 1;
                state.requested_at = Some(now);
            }
            awaited = state.requested;
            is_due
        });
        let _ = state.wait_for(|state| state.completed >= awaited).await;
    }

    async fn read(&self) -> anyhow::Result<Loaded<S>> {
        // Taken before reading, so that the keys are never older than assumed.
        let read_at = self.clock.instant();
        let text = self.source.read().await?;
        let state = self.state.borrow();
        let unchanged = state.loaded.as_ref().filter(|loaded| loaded.text == text).map(|loaded| Arc::clone(&loaded.keys));
        drop(state);
        let keys = match unchanged {
            Some(keys) => keys,
            None => Arc::new(Keys::parse(&text)?),
        };
        Ok(Loaded { keys, text, read_at })
    }

    /// Replaces the keys, and with them the tokens that they verified. A failed read replaces nothing.
    fn update(&self, read: anyhow::Result<Loaded<S>>, requested: u64) {
        let (mut before, mut after) = (Freshness::Unread, Freshness::Fresh);
        let cause = read.as_ref().err().map(|error| format!("{error:#}")).unwrap_or_default();
        self.state.send_modify(|state| {
            before = state.freshness;
            match read {
                Ok(loaded) => {
                    let old = state.loaded.replace(loaded);
                    self.log_change(old.as_ref(), state.loaded.as_ref());
                }
                Err(_) if state.loaded.as_ref().is_some_and(|loaded| self.is_accepted(loaded)) => after = Freshness::Stale,
                Err(_) => after = Freshness::Expired,
            }
            (state.freshness, state.completed) = (after, requested);
        });
        if before != after {
            self.log_freshness(after, &cause);
        }
    }

    fn is_accepted(&self, loaded: &Loaded<S>) -> bool {
        self.clock.instant().saturating_duration_since(loaded.read_at) <= self.stale_limit
    }

    fn log_change(&self, old: Option<&Loaded<S>>, new: Option<&Loaded<S>>) {
        let ids = |loaded: Option<&Loaded<S>>| loaded.map(|loaded| format!("{:?}", loaded.keys.ids()));
        if old.map(|loaded| &loaded.text) != new.map(|loaded| &loaded.text) {
            tracing::info!(issuer = self.issuer, keys = ids(new), before = ids(old), "the keys have changed");
        }
    }

    fn log_freshness(&self, freshness: Freshness, cause: &str) {
        let (issuer, source) = (self.issuer.as_str(), &self.source);
        match freshness {
            Freshness::Unread => {}
            Freshness::Fresh => tracing::info!(issuer, %source, "keys read"),
            Freshness::Stale => tracing::warn!(issuer, %source, cause, "cannot read keys; accepting the previous ones"),
            Freshness::Expired => tracing::error!(issuer, %source, cause, "cannot read keys, and no accepted keys are left"),
        }
    }
}
