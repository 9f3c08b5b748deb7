//! Queries of an export. They name each column, so that a new column is exported only after a decision.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use orchard_db::Connection;
use orchard_privacy::schema::users;
use orchard_privacy::{Page, Rows, to_rows};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Part;
use crate::schema::{
    children, family_invitations, family_members, family_plans, nutritional_intake, wallet_entries, wallet_holds,
};

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = users)]
struct UserRow {
    id: Uuid,
    created_at: DateTime<Utc>,
}

/// The name of a plan, and its columns that name the user.
#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = family_plans)]
struct PlanRow {
    id: Uuid,
    family_name: String,
    primary_account_holder: Option<Uuid>,
    billing_account: Option<Uuid>,
    proposed_holder: Option<Uuid>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = family_members)]
struct MemberRow {
    id: Uuid,
    family_plan_id: Uuid,
    user_id: Uuid,
    role: String,
    display_name: Option<String>,
    relationship: Option<String>,
    permissions: Option<Value>,
    privacy_settings: Option<Value>,
    joined_at: DateTime<Utc>,
    is_active: bool,
    updated_at: DateTime<Utc>,
    banned_at: Option<DateTime<Utc>>,
    guardian_user_id: Option<Uuid>,
    consent_at: Option<DateTime<Utc>>,
}

/// What a guardian has declared about a child. Other columns belong to the child.
#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = family_members)]
struct ChildRow {
    id: Uuid,
    family_plan_id: Uuid,
    user_id: Uuid,
    guardian_user_id: Option<Uuid>,
    consent_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = children)]
struct ProtectionRow {
    id: Uuid,
    user_id: Uuid,
    guardian_user_id: Option<Uuid>,
    released_at: Option<DateTime<Utc>>,
    event_sequence: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = family_invitations)]
struct InvitationRow {
    id: Uuid,
    family_plan_id: Uuid,
    invited_by: Uuid,
    invitee_user_id: Option<Uuid>,
    role: String,
    relationship: Option<String>,
    status: String,
    expires_at: DateTime<Utc>,
    accepted_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = wallet_entries)]
struct EntryRow {
    id: Uuid,
    family_plan_id: Uuid,
    user_id: Option<Uuid>,
    service: String,
    reference: String,
    kind: String,
    amount: BigDecimal,
    reason: Option<String>,
    created_at: DateTime<Utc>,
    sequence: i64,
    hold_id: Option<Uuid>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = wallet_holds)]
struct HoldRow {
    id: Uuid,
    family_plan_id: Uuid,
    user_id: Uuid,
    service: String,
    reference: String,
    amount: BigDecimal,
    captured_amount: BigDecimal,
    refunded_amount: BigDecimal,
    reason: Option<String>,
    status: String,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = nutritional_intake)]
struct IntakeRow {
    id: Uuid,
    user_id: Uuid,
    consumption_date: NaiveDate,
    calories_consumed: i32,
    meal: String,
    source: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Returns the rows of a part that the user may see.
pub(super) async fn page(connection: &mut Connection, user: Uuid, part: Part, page: Page) -> QueryResult<Rows> {
    /// Loads the rows of a table that match a filter.
    macro_rules! rows {
        ($table:ident, $row:ty, $filter:expr) => {{
            let rows: Vec<$row> = $table::table
                .filter($filter)
                .filter($table::id.gt(page.after))
                .order($table::id)
                .limit(page.limit)
                .select(<$row>::as_select())
                .load(connection)
                .await?;
            rows
        }};
    }
    let if_user = |id: Option<Uuid>| id.filter(|id| *id == user);
    match part {
        Part::Users => to_rows(rows!(users, UserRow, users::id.eq(user)), |row| row.id),
        Part::FamilyPlans => {
            let named = family_plans::primary_account_holder
                .eq(user)
                .or(family_plans::billing_account.eq(user))
                .or(family_plans::proposed_holder.eq(user));
            let of_user = |row: PlanRow| PlanRow {
                primary_account_holder: if_user(row.primary_account_holder),
                billing_account: if_user(row.billing_account),
                proposed_holder: if_user(row.proposed_holder),
                ..row
            };
            to_rows(rows!(family_plans, PlanRow, named).into_iter().map(of_user).collect(), |row| row.id)
        }
        Part::FamilyMembers => to_rows(rows!(family_members, MemberRow, family_members::user_id.eq(user)), |row| row.id),
        Part::Children => to_rows(rows!(family_members, ChildRow, family_members::guardian_user_id.eq(user)), |row| row.id),
        Part::Protection => {
            let named = children::user_id.eq(user).or(children::guardian_user_id.eq(user).assume_not_null());
            to_rows(rows!(children, ProtectionRow, named), |row| row.id)
        }
        Part::FamilyInvitations => {
            let named = family_invitations::invitee_user_id
                .eq(user)
                .or(family_invitations::accepted_by.eq(user))
                .or(family_invitations::invited_by.nullable().eq(user));
            to_rows(rows!(family_invitations, InvitationRow, named), |row| row.id)
        }
        Part::WalletEntries => to_rows(rows!(wallet_entries, EntryRow, wallet_entries::user_id.eq(user)), |row| row.id),
        Part::WalletHolds => to_rows(rows!(wallet_holds, HoldRow, wallet_holds::user_id.eq(user)), |row| row.id),
        Part::NutritionalIntake => {
            to_rows(rows!(nutritional_intake, IntakeRow, nutritional_intake::user_id.eq(user)), |row| row.id)
        }
    }
}
