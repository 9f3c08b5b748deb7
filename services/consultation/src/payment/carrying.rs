//! The steps of payments and refunds after the user's own call, which need no user.

use std::time::Duration;

use diesel::QueryResult;
use orchard_client::Upstream;
use orchard_db::{Connection, Db, Failure};
use orchard_intents::{self as intents, Handler, Intent, Undone};
use orchard_proto::family::v1::ErrorReason as FamilyReason;
use orchard_rpc::Currency;
use uuid::Uuid;

use super::{Kind, Payment, PaymentState, Step, store};
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
            Ok(()) => Ok(self.finish(payment, Outcome::Refunded).await.map_err(undone)?),
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
        self.finish(payment, outcome).await.map_err(undone)
    }

    /// Has a payment released to which no user has come back.
    async fn abandon(&self, payment: &Payment) -> Result<(), Error> {
        let payment = payment.clone();
        self.db
            .write("abandon payment", async move |connection: &mut Connection| {
                store::lock_session(connection, payment.session).await?;
                if store::step(connection, payment.id).await? == Some(Step::Hold) {
                    store::release(connection, payment.id).await?;
                }
                Ok(())
            })
            .await
    }

    /// Writes down what the wallet has answered, unless somebody else has.
    async fn finish(&self, payment: &Payment, outcome: Outcome) -> Result<(), Error> {
        let payment = payment.clone();
        self.db
            .write("finish payment step", async move |connection: &mut Connection| {
                store::lock_session(connection, payment.session).await?;
                match (outcome, store::step(connection, payment.id).await?) {
                    (Outcome::Captured, Some(Step::Hold | Step::Capture | Step::Release)) => {
                        captured(connection, &payment).await?
                    }
                    (Outcome::Held, Some(Step::Capture)) => store::release(connection, payment.id).await?,
                    (Outcome::Nothing, Some(Step::Capture | Step::Release)) => store::delete(connection, &payment).await?,
                    (Outcome::Refunded, Some(Step::Refund)) => store::refund(connection, &payment).await?,
                    _ => {}
                }
                Ok(())
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
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Captured,
    /// It holds the money still, and will not give it.
    Held,
    /// It holds nothing for the payment.
    Nothing,
    Refunded,
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn undone(error: Error) -> Undone {
    Undone(error.to_string())
}

impl Handler for Payments {
    const KINDS: &'static [&'static str] = &["payment", "refund"];

    async fn attempt(&self, intent: &Intent) -> Result<(), Undone> {
        let Some(payment) = store::find(&*self.db.read().await?, intent.id).await.map_err(Failure::from)? else {
            return Ok(());
        };
        match intent.step.parse() {
            Ok(Step::Hold) => {
                self.abandon(&payment).await.map_err(undone)?;
                self.release(&payment).await
            }
            Ok(Step::Capture) => match self.capture(&payment).await {
                Ok(()) | Err(Unpaid::Failed | Unpaid::Inactive) => Ok(()),
                Err(Unpaid::Unanswered(not_done)) => Err(Undone(not_done.to_string())),
                Err(Unpaid::Error(error)) => Err(undone(error)),
            },
            Ok(Step::Release) => self.release(&payment).await,
            Ok(Step::Refund) => self.refund(&payment).await,
            Err(_) => Err(Undone("a step of another release".to_owned())),
        }
    }

    async fn give_up(&self, connection: &mut Connection, intent: &Intent) -> Result<(), Failure> {
        store::lock_session(connection, intent.subject_id).await?;
        match store::step(connection, intent.id).await? {
            Some(Step::Hold | Step::Capture) => Ok(store::release(connection, intent.id).await?),
            Some(Step::Refund) => {
                intents::close(connection, intent.id).await?;
                Ok(store::set_refund(connection, intent.subject_id, None).await?)
            }
            // What is held must be released.
            Some(Step::Release) | None => Ok(()),
        }
    }
}
