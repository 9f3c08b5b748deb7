//! Queries of cases.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row as pair;
use orchard_rpc::PageRequest;
use serde_json::Value;
use uuid::Uuid;

use super::{Case, CaseKind, Decision};
use crate::referrals::parties::Parties;
use crate::referrals::rule::ReferralRule;
use crate::referrals::sharing::{Method, Sharing, Source};
use crate::schema::{referral_cases, referrals};

#[derive(Queryable, Selectable)]
#[diesel(table_name = referral_cases)]
struct Row {
    id: Uuid,
    kind: CaseKind,
    rule: ReferralRule,
    claimant_id: Uuid,
    referrer_id: Uuid,
    referral_id: Option<Uuid>,
    referral_method: Option<Method>,
    referral_source: Option<Source>,
    metadata: Option<Value>,
    created_at: DateTime<Utc>,
    decision: Option<Decision>,
    note: Option<String>,
    moderator_id: Option<Uuid>,
    decided_at: Option<DateTime<Utc>>,
}

impl From<Row> for Case {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            rule: row.rule,
            claimant_id: row.claimant_id,
            referrer_id: row.referrer_id,
            referral_id: row.referral_id,
            sharing: Sharing { method: row.referral_method, source: row.referral_source, metadata: row.metadata },
            created_at: row.created_at,
            decision: row.decision,
            note: row.note,
            moderator_id: row.moderator_id,
            decided_at: row.decided_at,
        }
    }
}

/// Inserts a case.
pub(in crate::referrals) async fn insert(
    connection: &mut AsyncPgConnection,
    kind: CaseKind,
    (parties, referral): (Parties, Option<Uuid>),
    rule: ReferralRule,
    (sharing, at): (&Sharing, DateTime<Utc>),
) -> QueryResult<()> {
    diesel::insert_into(referral_cases::table)
        .values((
            referral_cases::id.eq(Uuid::now_v7()),
            referral_cases::kind.eq(kind),
            referral_cases::rule.eq(rule),
            referral_cases::claimant_id.eq(parties.claimant),
            referral_cases::referrer_id.eq(parties.referrer),
            referral_cases::referral_id.eq(referral),
            referral_cases::referral_method.eq(sharing.method),
            referral_cases::referral_source.eq(sharing.source),
            referral_cases::metadata.eq(&sharing.metadata),
            referral_cases::created_at.eq(at),
        ))
        // A claimant who repeats a refused claim makes no second case.
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|_| ())
}

/// Writes by which rule a reward is withheld.
pub(in crate::referrals) async fn set_withheld(
    connection: &mut AsyncPgConnection,
    referral: Uuid,
    rule: ReferralRule,
) -> QueryResult<()> {
    let withheld = (referrals::withheld_rule.eq(Some(rule)), referrals::updated_at.eq(now));
    diesel::update(referrals::table.find(referral)).set(withheld).execute(connection).await.map(|_| ())
}

/// Closes the case of a withheld reward without a moderator.
pub(in crate::referrals) async fn close(
    connection: &mut AsyncPgConnection,
    referral: Uuid,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(referral_cases::table)
        .filter(referral_cases::referral_id.eq(referral))
        .filter(referral_cases::kind.eq(CaseKind::WithheldReward))
        .filter(referral_cases::decision.is_null())
        .set((
            referral_cases::decision.eq(Some(Decision::Rejected)),
            referral_cases::decided_at.eq(at),
            referral_cases::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns a case.
pub(in crate::referrals) async fn find(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Option<Case>> {
    let row = referral_cases::table.find(id).select(Row::as_select());
    Ok(row.first::<Row>(&mut connection).await.optional()?.map(Row::into))
}

/// Locks a case.
pub(in crate::referrals) async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Case>> {
    let row = referral_cases::table.find(id).select(Row::as_select()).for_no_key_update();
    Ok(row.first::<Row>(connection).await.optional()?.map(Row::into))
}

/// Writes a decision, and the referral that it has made.
pub(in crate::referrals) async fn decide(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    (decision, note): (Decision, Option<&str>),
    (moderator, referral): (Uuid, Option<Uuid>),
    at: DateTime<Utc>,
) -> QueryResult<Case> {
    diesel::update(referral_cases::table.find(id))
        .set((
            referral_cases::decision.eq(Some(decision)),
            referral_cases::note.eq(note),
            referral_cases::moderator_id.eq(moderator),
            referral_cases::referral_id.eq(referral),
            referral_cases::decided_at.eq(at),
            referral_cases::updated_at.eq(now),
        ))
        .returning(Row::as_returning())
        .get_result::<Row>(connection)
        .await
        .map(Row::into)
}

/// Lists the cases on which nobody has decided, oldest first.
pub(in crate::referrals) async fn list(
    mut connection: &AsyncPgConnection,
    page: &PageRequest<(DateTime<Utc>, Uuid)>,
) -> QueryResult<Vec<Case>> {
    let open = referral_cases::table.filter(referral_cases::decision.is_null()).into_boxed();
    let open = match page.after {
        Some(after) => open.filter(pair(referral_cases::created_at, referral_cases::id).gt(after)),
        None => open,
    };
    let rows: Vec<Row> = open
        .order((referral_cases::created_at, referral_cases::id))
        .limit(page.fetch())
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Row::into).collect())
}
