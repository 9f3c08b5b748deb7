//! The steps of payments and refunds after the user's own call, which need no user.

use std::time::Duration;

use bigdecimal::BigDecimal;
use diesel::QueryResult;
use orchard_client::Upstream;
use orchard_db::{Connection, Db, Failure};
use orchard_intents::{self as intents, Handler, Intent, Undone};
use orchard_proto::family::v1::ErrorReason as FamilyReason;
use orchard_rpc::{Currency, Refusal, unanswered};
use uuid::Uuid;

use super::{Kind, Payment, PaymentState, Step, abandon, store};
use crate::error::Error;
use crate::wallet::{self, NotDone, Refused};

/// Pays and refunds sessions.
#[derive(Debug)]
pub(crate) struct Payments {
    pub(crate) db: Db,
    pub(crate) family: Upstream,
    pub(crate) currency: Currency,
}

/// Why a payment comes to no end yet, or to a bad one.
#[derive(Debug)]
pub(crate) enum Unpaid {
    /// The wallet does not pay, and nothing is owed.
    Failed,
    /// The plan is inactive.
    Inactive,
    /// The wallet does not answer, or not as expected.
    Unanswered(NotDone),
    Error(Error),
}

impl From<Error> for Unpaid {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Payments {
    /// Takes the money of a payment whose capture is decided, and writes down the answer.
    pub(crate) async fn capture(&self, payment: &Payment) -> Result<(), Unpaid> {
        match wallet::capture(&self.family, &payment.key()).await {
            Ok(()) => Ok(self.finish(payment, Outcome::Captured).await?),
            Err(NotDone::Refused(Refused { reason: FamilyReason::HoldEnded | FamilyReason::HoldNotFound, .. })) => {
                self.finish(payment, Outcome::Nothing).await?;
                Err(Unpaid::Failed)
            }
            Err(NotDone::Refused(Refused { reason: FamilyReason::PlanInactive, .. })) => {
                self.finish(payment, Outcome::Held).await?;
                // So that another payment can begin at once. If it fails, workers do it.
                if let Err(Undone(cause)) = self.release(payment).await {
                    tracing::warn!(session_id = %payment.session, cause, "the money of an inactive plan is not released yet");
                }
                Err(Unpaid::Inactive)
            }
            Err(not_done) => Err(Unpaid::Unanswered(not_done)),
        }
    }

    /// Gives the refund of a session, if one is due. What cannot be given now, workers try again.
    pub(crate) async fn try_refund(&self, session: Uuid) -> Result<(), Error> {
        let paid = store::of_sessions(&*self.db.read().await?, &[session]).await?;
        if let Some(payment) = paid.into_iter().find(|payment| payment.state == PaymentState::Captured)
            && let Err(Undone(cause)) = self.refund(&payment).await
        {
            tracing::warn!(session_id = %session, cause, "a refund is not in its wallet yet");
        }
        Ok(())
    }

    async fn refund(&self, payment: &Payment) -> Result<(), Undone> {
        let amount = store::refund_amount(&*self.db.read().await?, payment.session).await.map_err(Failure::from)?;
        // Somebody has given it up.
        let Some(amount) = amount else { return Ok(()) };
        match wallet::refund(&self.family, &payment.key(), (&amount, &self.currency)).await {
            Ok(()) => Ok(self.finish(payment, Outcome::Refunded(amount)).await?),
            Err(not_done) => Err(Undone(not_done.to_string())),
        }
    }

    async fn release(&self, payment: &Payment) -> Result<(), Undone> {
        let outcome = match wallet::release(&self.family, &payment.key()).await {
            Ok(()) | Err(NotDone::Refused(Refused { reason: FamilyReason::HoldNotFound, .. })) => Outcome::Nothing,
            // It was captured, by an attempt whose answer was lost.
            Err(NotDone::Refused(Refused { reason: FamilyReason::HoldEnded, .. })) => Outcome::Captured,
            Err(not_done) => return Err(Undone(not_done.to_string())),
        };
        Ok(self.finish(payment, outcome).await?)
    }

    /// Has a payment released to which no user has come back. Returns whether it is.
    async fn abandon_idle(&self, payment: &Payment) -> Result<bool, Error> {
        let payment = payment.clone();
        self.db
            .write("abandon payment", async move |connection: &mut Connection| {
                store::lock_session(connection, payment.session).await?;
                Ok(abandon(connection, payment.id).await?)
            })
            .await
    }

    /// Writes down what the wallet has answered, unless somebody else has.
    async fn finish(&self, payment: &Payment, outcome: Outcome) -> Result<(), Error> {
        let payment = payment.clone();
        self.db
            .write("finish payment step", async move |connection: &mut Connection| {
                store::lock_session(connection, payment.session).await?;
                match (&outcome, store::step(connection, payment.id).await?) {
                    (Outcome::Captured, Some(Step::Capture | Step::Release)) => captured(connection, &payment).await?,
                    (Outcome::Held, Some(Step::Capture)) => store::undo(connection, payment.id).await?,
                    (Outcome::Nothing, Some(Step::Capture | Step::Release)) => store::delete(connection, &payment).await?,
                    (Outcome::Refunded(amount), Some(Step::Refund) | None) => store::refund(connection, &payment, amount).await?,
                    _ => {}
                }
                Ok(())
            })
            .await
    }

    /// Ends a refund that the wallet has not given. If it has, writes that down.
    async fn forgo(&self, payment: Payment) -> Result<bool, Error> {
        let given = wallet::refunded(&self.family, &payment.key(), &self.currency).await;
        let given = given.map_err(|_unknown| Error::from(unanswered("family")))?;
        self.db
            .write("give up refund", async move |connection: &mut Connection| {
                store::lock_session(connection, payment.session).await?;
                let is_open = store::step(connection, payment.id).await? == Some(Step::Refund);
                match &given {
                    _ if !is_open => {}
                    Some(amount) => store::refund(connection, &payment, amount).await?,
                    None => {
                        intents::close(connection, payment.id).await?;
                        store::set_refund(connection, payment.session, None).await?;
                    }
                }
                Ok(is_open)
            })
            .await
    }

    /// Has a payment released, unless the wallet has paid.
    async fn call_off(&self, payment: Payment) -> Result<bool, Error> {
        self.db
            .write("give up payment", async move |connection: &mut Connection| {
                store::lock_session(connection, payment.session).await?;
                let step = store::step(connection, payment.id).await?;
                match step {
                    Some(Step::Hold) => store::release(connection, payment.id).await?,
                    Some(Step::Capture) => store::undo(connection, payment.id).await?,
                    Some(Step::Release | Step::Refund) | None => {}
                }
                Ok(step.is_some())
            })
            .await
    }
}

/// Writes that the wallet has paid. What was cancelled meanwhile is given back.
async fn captured(connection: &mut Connection, payment: &Payment) -> QueryResult<()> {
    if store::capture(connection, payment).await?.is_some() {
        let what = (Kind::Refund.into(), Step::Refund.into());
        intents::open(connection, (payment.id, payment.session), what, Duration::ZERO).await?;
    }
    Ok(())
}

/// What the wallet has done.
#[derive(Debug, Clone)]
enum Outcome {
    Captured,
    /// It holds the money still, and will not give it.
    Held,
    /// It holds nothing for the payment.
    Nothing,
    /// It has this amount back.
    Refunded(BigDecimal),
}

impl Handler for Payments {
    const KINDS: &'static [&'static str] = &["payment", "refund"];

    async fn attempt(&self, intent: &Intent) -> Result<(), Undone> {
        let found = store::find(&*self.db.read().await?, intent.id).await.map_err(Failure::from)?;
        let Some(payment) = found else { return Ok(()) };
        match intent.step.parse() {
            Ok(Step::Hold) => {
                if self.abandon_idle(&payment).await? {
                    self.release(&payment).await?;
                }
                Ok(())
            }
            Ok(Step::Capture) => match self.capture(&payment).await {
                Ok(()) | Err(Unpaid::Failed | Unpaid::Inactive) => Ok(()),
                Err(Unpaid::Unanswered(not_done)) => Err(Undone(not_done.to_string())),
                Err(Unpaid::Error(error)) => Err(error.into()),
            },
            Ok(Step::Release) => self.release(&payment).await,
            Ok(Step::Refund) => self.refund(&payment).await,
            Err(_) => Err(Undone("a step of another release".to_owned())),
        }
    }

    async fn give_up(&self, intent: &Intent) -> Result<bool, Refusal> {
        let given_up = async {
            let found = store::find(&*self.db.read().await?, intent.id).await?;
            match (found, intent.step.parse()) {
                (None, _) => Ok(false),
                (Some(payment), Ok(Step::Refund)) => self.forgo(payment).await,
                (Some(payment), _) => self.call_off(payment).await,
            }
        };
        given_up.await.map_err(|error: Error| error.refused().unwrap_or_else(Failure::into_refusal))
    }
}
