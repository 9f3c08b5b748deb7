//! The steps of a payment that belong to the user's own call.

use std::time::Duration;

use bigdecimal::BigDecimal;
use orchard_db::{Connection, moment};
use orchard_intents as intents;
use uuid::Uuid;

use super::PayingError;
use crate::error::Error;
use crate::payment::{Kind, Payment, Payments, Step, Unpaid, store as payments};
use crate::professional::Viewer;
use crate::session::ending::find;
use crate::session::store::{Found, lock_row};
use crate::session::{PaymentStatus, SessionError, SessionStatus};
use crate::wallet::{self, NotDone};

/// How long a user may take to come back to a payment whose answer they did not get, before what is held is released.
const HOLD_PATIENCE: Duration = Duration::from_secs(60);
/// How long the call has to take the money, before workers do.
const CAPTURE_PATIENCE: Duration = Duration::from_secs(10);

/// A session to pay.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) session: Uuid,
    pub(super) plan: Uuid,
    /// The price that the caller has seen.
    pub(super) price: BigDecimal,
}

/// Pays a session, or goes on with the payment that an earlier call of the same caller began.
pub(super) async fn pay(service: &Payments, wanted: Wanted, caller: Viewer, token: &str) -> Result<Found, Error> {
    if let Some((payment, step)) = begin(service, wanted.clone(), caller).await? {
        if step == Step::Hold {
            hold(service, &payment, token).await?;
        }
        match service.capture(&payment).await {
            Ok(()) => {}
            Err(Unpaid::Failed) => return Err(PayingError::Failed.into()),
            Err(Unpaid::Inactive) => return Err(PayingError::PlanInactive.into()),
            Err(Unpaid::Unanswered(not_done)) => return Err(PayingError::from(not_done).into()),
            Err(Unpaid::Error(error)) => return Err(error),
        }
    }
    find(&*service.db.read().await?, wanted.session, caller).await
}

/// Records a payment, or returns the one that the caller has begun, with its step. There is none to make if the session is paid.
async fn begin(service: &Payments, wanted: Wanted, caller: Viewer) -> Result<Option<(Payment, Step)>, Error> {
    service
        .db
        .write("begin payment", async move |connection: &mut Connection| {
            find(connection, wanted.session, caller).await?.side.check_client()?;
            let session = lock_row(connection, wanted.session).await?;
            if session.status == SessionStatus::Cancelled {
                return Err(SessionError::WrongStatus(session.status).into());
            }
            if session.payment_status != PaymentStatus::Pending {
                return Ok(None);
            }
            if let Some(payment) = payments::of_sessions(connection, &[session.id]).await?.pop()
                && let Some(step) = payments::step(connection, payment.id).await?
            {
                let is_theirs = payment.plan == wanted.plan && payment.payer == caller.user;
                return if is_theirs { Ok(Some((payment, step))) } else { Err(PayingError::InProgress.into()) };
            }
            let now = moment(connection).await?;
            if session.status != SessionStatus::Scheduled {
                return Err(SessionError::WrongStatus(session.status).into());
            }
            if session.start <= now {
                return Err(SessionError::Started.into());
            }
            if session.due().is_none_or(|due| due <= now) {
                return Err(PayingError::Overdue.into());
            }
            let price = session.cost.unwrap_or_default();
            if price != wanted.price {
                return Err(PayingError::PriceChanged { price }.into());
            }
            let ids = (session.id, wanted.plan, caller.user);
            let payment = payments::insert(connection, ids, &price).await?;
            let what = (Kind::Payment.into(), Step::Hold.into());
            intents::open(connection, (payment.id, session.id), what, HOLD_PATIENCE).await?;
            Ok(Some((payment, Step::Hold)))
        })
        .await
}

/// Holds the money, and decides to take it.
async fn hold(service: &Payments, payment: &Payment, token: &str) -> Result<(), Error> {
    match wallet::hold(&service.family, token, &payment.key(), (&payment.amount, &service.currency)).await {
        Ok(()) => decide(service, payment).await,
        Err(NotDone::Refused(refused)) => {
            drop_refused(service, payment).await?;
            Err(PayingError::from(NotDone::Refused(refused)).into())
        }
        Err(unknown) => Err(PayingError::from(unknown).into()),
    }
}

/// Decides to take what is held, unless the session was cancelled meanwhile, or nobody waits for the payment any more.
async fn decide(service: &Payments, payment: &Payment) -> Result<(), Error> {
    let payment = payment.clone();
    let decided: Result<Result<(), Error>, Error> = service
        .db
        .write("decide payment", async move |connection: &mut Connection| {
            let session = lock_row(connection, payment.session).await?;
            match payments::step(connection, payment.id).await? {
                Some(Step::Hold) if session.start <= moment(connection).await? => {
                    payments::release(connection, payment.id).await?;
                    Ok(Err(SessionError::Started.into()))
                }
                Some(Step::Hold) => {
                    intents::advance(connection, payment.id, Step::Capture.into(), CAPTURE_PATIENCE).await?;
                    Ok(Ok(()))
                }
                // Another call of the same caller was faster.
                Some(Step::Capture) => Ok(Ok(())),
                None if session.payment_status != PaymentStatus::Pending => Ok(Ok(())),
                _ if session.status != SessionStatus::Scheduled => Ok(Err(SessionError::WrongStatus(session.status).into())),
                _ => Ok(Err(PayingError::Failed.into())),
            }
        })
        .await;
    // A refusal is written down, too.
    decided?
}

/// Deletes a payment that the wallet has refused to hold. What an earlier call may have held, and nobody knows of, expires by itself.
async fn drop_refused(service: &Payments, payment: &Payment) -> Result<(), Error> {
    let payment = payment.clone();
    service
        .db
        .write("drop refused payment", async move |connection: &mut Connection| {
            lock_row(connection, payment.session).await?;
            if payments::step(connection, payment.id).await? == Some(Step::Hold) {
                payments::delete(connection, &payment).await?;
            }
            Ok(())
        })
        .await
}
