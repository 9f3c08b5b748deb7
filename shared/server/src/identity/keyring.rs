//! The keys of an issuer as time goes on: read again and again, and for a while believed when that fails.

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

/// How often a file is looked at. Its text is compared: neither times nor events of files tell reliably that a volume was swapped under
/// a symbolic link.
const LOOK: Duration = Duration::from_secs(10);
/// How soon after a failure to read again.
const RETRY: Duration = Duration::from_secs(5);
/// Until unknown key ids may make the keys be read again, whoever sends them and however many.
const UNKNOWN: Duration = Duration::from_secs(10);

/// An issuer's keys. [`Keyring::keep`] reads them, and nobody else does; everybody else sees what it has read.
#[derive(Debug)]
pub(crate) struct Keyring<B> {
    issuer: String,
    source: Source,
    period: Duration,
    stale_limit: Duration,
    clock: Clock,
    state: watch::Sender<State<B>>,
}

#[derive(Debug)]
struct State<B> {
    held: Option<Held<B>>,
    standing: Standing,
    /// How often callers had the keys read, and the last such reading that has ended.
    asked: u64,
    answered: u64,
    asked_at: Option<Instant>,
}

#[derive(Debug)]
struct Held<B> {
    keys: Arc<Keys<B>>,
    text: Vec<u8>,
    read_at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Not read yet.
    New,
    Good,
    /// The last reading failed; what was read before is believed.
    Stale,
    /// There is nothing that could be believed.
    Gone,
}

/// Why there is no key of an id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// The issuer has none.
    Unknown,
    /// What keys the issuer has, cannot be said now.
    Unavailable,
}

impl<B> Keyring<B> {
    /// A file must be usable from the start; an address may begin to answer later.
    pub(crate) async fn open(issuer: &str, source: Source, options: &IdentityOptions) -> anyhow::Result<Self> {
        let period = match source {
            Source::File(_) => LOOK.min(options.jwks_refresh),
            Source::Url(_) => options.jwks_refresh,
        };
        let state = State { held: None, standing: Standing::New, asked: 0, answered: 0, asked_at: None };
        let ring = Self {
            issuer: issuer.to_owned(),
            period,
            stale_limit: options.jwks_stale_limit,
            clock: options.clock.clone(),
            state: watch::Sender::new(state),
            source,
        };
        if matches!(ring.source, Source::File(_)) {
            let held = ring.read().await.map_err(|error| error.context(format!("the JWKS {} cannot be used", ring.source)))?;
            ring.state.send_modify(|state| (state.held, state.standing) = (Some(held), Standing::Good));
        }
        Ok(ring)
    }

    /// The keys that are believed now.
    pub(crate) fn current(&self) -> Option<Arc<Keys<B>>> {
        let state = self.state.borrow();
        state.held.as_ref().filter(|held| self.is_fresh(held)).map(|held| Arc::clone(&held.keys))
    }

    /// The keys that are believed now and have `id`; for one that they do not have they are read again, if that was not done lately.
    pub(crate) async fn with(&self, id: &str) -> Result<Arc<Keys<B>>, NoKey> {
        let keys = self.current().ok_or(NoKey::Unavailable)?;
        if keys.get(id).is_some() {
            return Ok(keys);
        }
        self.read_again().await;
        let keys = self.current().ok_or(NoKey::Unavailable)?;
        match keys.get(id) {
            Some(_) => Ok(keys),
            // It may be the one that could not be read.
            None if self.state.borrow().standing != Standing::Good => Err(NoKey::Unavailable),
            None => Err(NoKey::Unknown),
        }
    }

    /// An error while no keys are believed.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        let _ = self.state.subscribe().wait_for(|state| state.standing != Standing::New).await;
        match self.current() {
            Some(_) => Ok(()),
            None => Err(anyhow!("there are no keys of {} from {}", self.issuer, self.source)),
        }
    }

    /// Reads the keys, when it is time or a caller asks. Never ends by itself.
    pub(crate) async fn keep(&self) -> Infallible {
        let mut asking = self.state.subscribe();
        loop {
            let asked = self.state.borrow().asked;
            let read = self.read().await;
            let pause = if read.is_ok() { self.period } else { RETRY.min(self.period) };
            self.take(read, asked);
            tokio::select! {
                () = sleep(pause) => {}
                _ = asking.wait_for(|state| state.asked > state.answered) => {}
            }
        }
    }

    /// Waits for a reading that begins after this. If callers had one lately, there is none to wait for.
    async fn read_again(&self) {
        let mut state = self.state.subscribe();
        let (now, mut awaited) = (self.clock.instant(), 0);
        self.state.send_if_modified(|state| {
            let is_due = state.asked_at.is_none_or(|at| now.saturating_duration_since(at) >= UNKNOWN);
            if is_due {
                state.asked += 1;
                state.asked_at = Some(now);
            }
            awaited = state.asked;
            is_due
        });
        let _ = state.wait_for(|state| state.answered >= awaited).await;
    }

    async fn read(&self) -> anyhow::Result<Held<B>> {
        // Its age counts from before it was read.
        let read_at = self.clock.instant();
        let text = self.source.read().await?;
        let same = self.state.borrow().held.as_ref().filter(|held| held.text == text).map(|held| Arc::clone(&held.keys));
        let keys = match same {
            Some(keys) => keys,
            None => Arc::new(Keys::parse(&text)?),
        };
        Ok(Held { keys, text, read_at })
    }

    /// What was read takes the place of what was there, with all that was verified by it. What failed changes nothing.
    fn take(&self, read: anyhow::Result<Held<B>>, asked: u64) {
        let (mut before, mut after) = (Standing::New, Standing::Good);
        let cause = read.as_ref().err().map(|error| format!("{error:#}")).unwrap_or_default();
        self.state.send_modify(|state| {
            before = state.standing;
            match read {
                Ok(held) => {
                    let old = state.held.replace(held);
                    self.tell_change(old.as_ref(), state.held.as_ref());
                }
                Err(_) if state.held.as_ref().is_some_and(|held| self.is_fresh(held)) => after = Standing::Stale,
                Err(_) => after = Standing::Gone,
            }
            (state.standing, state.answered) = (after, asked);
        });
        if before != after {
            self.tell_standing(after, &cause);
        }
    }

    fn is_fresh(&self, held: &Held<B>) -> bool {
        self.clock.instant().saturating_duration_since(held.read_at) <= self.stale_limit
    }

    fn tell_change(&self, old: Option<&Held<B>>, new: Option<&Held<B>>) {
        let ids = |held: Option<&Held<B>>| held.map(|held| format!("{:?}", held.keys.ids()));
        if old.map(|held| &held.text) != new.map(|held| &held.text) {
            tracing::info!(issuer = self.issuer, keys = ids(new), before = ids(old), "the keys have changed");
        }
    }

    fn tell_standing(&self, standing: Standing, cause: &str) {
        let (issuer, source) = (self.issuer.as_str(), &self.source);
        match standing {
            Standing::New => {}
            Standing::Good => tracing::info!(issuer, %source, "keys are read"),
            Standing::Stale => tracing::warn!(issuer, %source, cause, "keys cannot be read; those before are believed"),
            Standing::Gone => tracing::error!(issuer, %source, cause, "keys cannot be read, and there are none to believe"),
        }
    }
}
