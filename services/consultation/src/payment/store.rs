//! Queries of payments.

use std::time::Duration;

use bigdecimal::BigDecimal;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_intents as intents;
use uuid::Uuid;

use super::{Payment, PaymentState, Share, Step};
use crate::schema::{consultation_sessions, session_payments};

orchard_db::text_column!(PaymentState);
orchard_db::text_column!(Share);

#[derive(Queryable, Selectable)]
#[diesel(table_name = session_payments)]
struct Row {
    id: Uuid,
    session_id: Uuid,
    attempt: i32,
    family_plan_id: Uuid,
    user_id: Uuid,
    amount: BigDecimal,
    status: PaymentState,
}

impl From<Row> for Payment {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            session: row.session_id,
            attempt: row.attempt,
            plan: row.family_plan_id,
            payer: row.user_id,
            amount: row.amount,
            state: row.status,
        }
    }
}

/// Locks a session, before its payment.
pub(super) async fn lock_session(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    let row = consultation_sessions::table.find(id).select(consultation_sessions::id).for_no_key_update();
    row.first::<Uuid>(connection).await.map(drop)
}

/// Returns a payment.
pub(crate) async fn find(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Option<Payment>> {
    let found: Option<Row> = session_payments::table.find(id).select(Row::as_select()).first(&mut connection).await.optional()?;
    Ok(found.map(Payment::from))
}

/// Returns the payments of these sessions that are open or captured, of which each has one.
pub(crate) async fn of_sessions(mut connection: &AsyncPgConnection, sessions: &[Uuid]) -> QueryResult<Vec<Payment>> {
    let rows: Vec<Row> = session_payments::table
        .filter(session_payments::session_id.eq_any(sessions))
        .filter(session_payments::status.ne(PaymentState::Released))
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Payment::from).collect())
}

/// Inserts a payment of a session, which is locked, with the next number.
pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    (session, plan, payer): (Uuid, Uuid, Uuid),
    amount: &BigDecimal,
) -> QueryResult<Payment> {
    let attempt: i32 = diesel::update(consultation_sessions::table.find(session))
        .set((
            consultation_sessions::payment_attempts.eq(consultation_sessions::payment_attempts + 1),
            consultation_sessions::updated_at.eq(now),
        ))
        .returning(consultation_sessions::payment_attempts)
        .get_result(connection)
        .await?;
    diesel::insert_into(session_payments::table)
        .values((
            session_payments::id.eq(Uuid::now_v7()),
            session_payments::session_id.eq(session),
            session_payments::attempt.eq(attempt),
            session_payments::family_plan_id.eq(plan),
            session_payments::user_id.eq(payer),
            session_payments::amount.eq(amount),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Payment::from)
}

/// Locks the intent of a payment and returns its step, if it is open.
pub(crate) async fn step(connection: &mut AsyncPgConnection, payment: Uuid) -> QueryResult<Option<Step>> {
    let step = intents::step_of(connection, payment).await?;
    Ok(step.and_then(|step| step.parse().ok()))
}

/// Has what the wallet holds for a payment released, by workers.
pub(crate) async fn release(connection: &mut AsyncPgConnection, payment: Uuid) -> QueryResult<()> {
    set_state(connection, payment, PaymentState::Released).await?;
    intents::advance(connection, payment, Step::Release.into(), Duration::ZERO).await
}

/// Deletes a payment for which the wallet holds nothing, and its intent.
pub(crate) async fn delete(connection: &mut AsyncPgConnection, payment: &Payment) -> QueryResult<()> {
    intents::close(connection, payment.id).await?;
    diesel::delete(session_payments::table.find(payment.id)).execute(connection).await?;
    // What is not paid is not given back.
    let cancelled = consultation_sessions::table.find(payment.session).filter(consultation_sessions::refund_amount.is_not_null());
    diesel::update(cancelled)
        .set((consultation_sessions::refund_amount.eq(None::<BigDecimal>), consultation_sessions::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Writes that the wallet has paid a session, and ends the intent.
pub(super) async fn capture(connection: &mut AsyncPgConnection, payment: &Payment) -> QueryResult<Option<BigDecimal>> {
    intents::close(connection, payment.id).await?;
    set_state(connection, payment.id, PaymentState::Captured).await?;
    diesel::update(consultation_sessions::table.find(payment.session))
        .set((consultation_sessions::payment_status.eq("paid"), consultation_sessions::updated_at.eq(now)))
        .returning(consultation_sessions::refund_amount)
        .get_result(connection)
        .await
}

/// Writes that the wallet has the refund of a session, and ends the intent.
pub(super) async fn refund(connection: &mut AsyncPgConnection, payment: &Payment) -> QueryResult<()> {
    intents::close(connection, payment.id).await?;
    diesel::update(consultation_sessions::table.find(payment.session))
        .set((consultation_sessions::payment_status.eq("refunded"), consultation_sessions::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Writes what a cancelled session gives back.
pub(super) async fn set_refund(
    connection: &mut AsyncPgConnection,
    session: Uuid,
    amount: Option<&BigDecimal>,
) -> QueryResult<()> {
    diesel::update(consultation_sessions::table.find(session))
        .set((consultation_sessions::refund_amount.eq(amount), consultation_sessions::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Returns what a session gives back.
pub(super) async fn refund_amount(mut connection: &AsyncPgConnection, session: Uuid) -> QueryResult<Option<BigDecimal>> {
    let session = consultation_sessions::table.find(session);
    session.select(consultation_sessions::refund_amount).first(&mut connection).await
}

async fn set_state(connection: &mut AsyncPgConnection, payment: Uuid, state: PaymentState) -> QueryResult<()> {
    diesel::update(session_payments::table.find(payment))
        .set((session_payments::status.eq(state), session_payments::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}
