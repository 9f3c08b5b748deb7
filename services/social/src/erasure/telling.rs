//! Has each service erase a user, and collects the receipts.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};
use diesel::QueryResult;
use futures::future::join_all;
use orchard_client::Upstream;
use orchard_db::{Connection, Db, Failure, moment};
use orchard_intents::{self as intents, Handler, Intent, Undone};
use orchard_privacy::Receipt;
use orchard_proto::privacy::v1 as pb;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_rpc::{Deadline, Refusal, code_name};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::{Eraser, Erasure, ErasureError, ErasureState, store, wire};
use crate::error::Error;
use crate::privacy::SocialData;

/// The kind and the only step of the intent.
pub(super) const INTENT: (&str, &str) = ("erasure", "tell");
/// How long to wait for an answer. An erasure that takes longer goes on, and the next attempt receives its receipt.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The services besides this one that store data of users.
#[derive(Debug, Clone)]
pub(crate) struct Others {
    pub(crate) consultation: Upstream,
    pub(crate) family: Upstream,
    pub(crate) recipe: Upstream,
}

/// Carries out erasures.
#[derive(Debug)]
pub(crate) struct Erasures {
    pub(crate) db: Db,
    pub(crate) others: Others,
    pub(crate) own: Arc<SocialData>,
}

impl Erasures {
    /// Begins an erasure, unless it was cancelled or is done.
    async fn begin(&self, id: Uuid) -> Result<Option<Uuid>, Error> {
        self.db
            .write("begin erasure", async move |connection: &mut Connection| {
                let Some(Erasure { user, state, begins_at, .. }) = store::lock(connection, id).await? else { return Ok(None) };
                if state == ErasureState::Requested {
                    // An operator who retries the intent does not take the time to cancel from the user.
                    if let Ok(left) = (begins_at - moment(connection).await?).to_std() {
                        intents::advance(connection, id, INTENT.1, left).await?;
                        return Ok(None);
                    }
                    store::begin(connection, id).await?;
                }
                Ok(user)
            })
            .await
    }

    /// Has a service erase a user, and writes down what it says.
    async fn tell(&self, eraser: Eraser, id: Uuid, user: Uuid) -> Result<(), Undone> {
        let own = async || orchard_privacy::erase(&self.db, &self.own, user, Some(id)).await?.ok_or_else(waits);
        let receipt = match eraser {
            Eraser::Social => own().await,
            Eraser::Consultation => ask(&self.others.consultation, id, user).await,
            Eraser::Family => ask(&self.others.family, id, user).await,
            Eraser::Recipe => ask(&self.others.recipe, id, user).await,
        };
        let name: &str = eraser.into();
        let receipt = receipt.map_err(|Undone(cause)| Undone(format!("{name}: {cause}")))?;
        let answer =
            async move |connection: &mut Connection| store::answer(connection, id, eraser, &receipt).await.map_err(Failure::from);
        Ok(self.db.statement("answer erasure", answer).await?)
    }

    async fn finish(&self, id: Uuid) -> Result<(), Error> {
        let unit = async move |connection: &mut Connection| {
            let erasure = store::lock(connection, id).await?;
            if erasure.is_some_and(|erasure| erasure.state == ErasureState::Running) {
                store::end(connection, id, today(connection).await?).await?;
            }
            Ok(intents::close(connection, id).await?)
        };
        self.db.write("end erasure", unit).await
    }
}

impl Handler for Erasures {
    const KINDS: &'static [&'static str] = &[INTENT.0];

    async fn attempt(&self, intent: &Intent) -> Result<(), Undone> {
        let id = intent.id;
        let Some(user) = self.begin(id).await? else { return Ok(()) };
        loop {
            let answers = store::answers(&*self.db.read().await?, &[id]).await.map_err(Failure::from)?;
            let due = Eraser::due(&answers.into_iter().map(|(_, answer)| answer.eraser).collect());
            if due.is_empty() {
                return Ok(self.finish(id).await?);
            }
            // A service that is away keeps none of the others waiting.
            let told = join_all(due.into_iter().map(|eraser| self.tell(eraser, id, user))).await;
            let failures: Vec<String> = told.into_iter().filter_map(|told| told.err().map(|Undone(failure)| failure)).collect();
            if !failures.is_empty() {
                return Err(Undone(failures.join("; ")));
            }
        }
    }

    /// An erasure that has begun is owed to its user.
    async fn give_up(&self, intent: &Intent) -> Result<bool, Refusal> {
        let id = intent.id;
        let unit = async move |connection: &mut Connection| cancel(connection, id).await;
        let cancelled: Result<bool, Error> = self.db.write("give up erasure", unit).await;
        cancelled.map_err(|error| error.refused().unwrap_or_else(Failure::into_refusal))
    }
}

async fn today(connection: &Connection) -> QueryResult<DateTime<Utc>> {
    Ok(moment(connection).await?.date_naive().and_time(NaiveTime::MIN).and_utc())
}

/// Cancels an erasure that has not begun. Returns whether there was one.
pub(super) async fn cancel(connection: &mut Connection, id: Uuid) -> Result<bool, Error> {
    let Some(Erasure { state, .. }) = store::lock(connection, id).await? else { return Ok(false) };
    match state {
        ErasureState::Requested => {
            forget(connection, id).await?;
            Ok(true)
        }
        ErasureState::Running => Err(ErasureError::Begun.into()),
        ErasureState::Done => Ok(false),
    }
}

async fn forget(connection: &mut Connection, id: Uuid) -> QueryResult<()> {
    store::delete(connection, id).await?;
    intents::close(connection, id).await
}

async fn ask(service: &Upstream, id: Uuid, user: Uuid) -> Result<Receipt, Undone> {
    let as_service = service.as_service().map_err(|cause| {
        tracing::warn!(%cause, "cannot call a service that is to erase a user");
        Undone(code_name(Code::Unavailable).to_owned())
    })?;
    let request = pb::EraseUserRequest { user_id: user.to_string(), request_id: id.to_string() };
    let answer = Deadline::within(TIMEOUT).scope(PrivacyServiceClient::new(as_service).erase_user(request)).await;
    Ok(wire::receipt(answer.map_err(|status| undone(&status))?.into_inner()))
}

fn undone(status: &Status) -> Undone {
    let reason = status.get_details_error_info().map(|info| format!(" {}", info.reason)).unwrap_or_default();
    Undone(format!("{}{reason}", code_name(status.code())))
}

fn waits() -> Undone {
    Undone(format!("{} ERASURE_WAITS", code_name(Code::Aborted)))
}
