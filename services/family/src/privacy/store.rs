//! Queries of what is erased.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, now, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::idempotency;
use orchard_privacy::schema::users;
use orchard_server::Slice as _;
use uuid::Uuid;

use crate::Service;
use crate::schema::{family_invitations, family_members, nutritional_intake, wallet_entries, wallet_holds};

/// The plans of which a user is or was a member, or into which they are invited, by id: those in which something refers to them.
pub(super) async fn plans_of(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let member = family_members::table.filter(family_members::user_id.eq(user)).select(family_members::family_plan_id);
    let invited =
        family_invitations::table.filter(family_invitations::invitee_user_id.eq(user)).select(family_invitations::family_plan_id);
    let mut plans: Vec<Uuid> = member.union(invited).load(connection).await?;
    plans.sort_unstable();
    Ok(plans)
}

/// Puts a pseudonym into the answers to others' requests that made the user: guardians' for a child.
pub(super) async fn repoint_answers(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let guardians: Vec<Option<Uuid>> = family_members::table
        .filter(family_members::user_id.eq(user))
        .filter(family_members::guardian_user_id.is_not_null())
        .select(family_members::guardian_user_id)
        .load(connection)
        .await?;
    let callers: Vec<String> = guardians.into_iter().flatten().map(|guardian| guardian.to_string()).collect();
    idempotency::replace_id(connection, &callers, user, pseudonym).await
}

/// Whether there is anything of a user that others need.
pub(super) async fn is_referred_to(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let entries = wallet_entries::table.filter(wallet_entries::user_id.eq(user));
    let invitations = family_invitations::table
        .filter(family_invitations::accepted_by.eq(user).or(family_invitations::invited_by.nullable().eq(user)));
    let holds = wallet_holds::table.filter(wallet_holds::user_id.eq(user));
    diesel::select(exists(entries).or(exists(invitations)).or(exists(holds))).get_result(connection).await
}

/// Puts a pseudonym on the roll. It has no beginning: one would lead to who was erased then.
pub(super) async fn add_pseudonym(connection: &mut AsyncPgConnection, pseudonym: Uuid) -> QueryResult<()> {
    diesel::insert_into(users::table)
        .values((users::id.eq(pseudonym), users::created_at.eq(DateTime::<Utc>::UNIX_EPOCH)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Has the lines of a user be a pseudonym's, and say no more what they were for. Our own references name who spent; others' stay, for a
/// payment that is repeated is known by them.
pub(super) async fn repoint_entries(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let own = wallet_entries::table.filter(wallet_entries::user_id.eq(user)).filter(wallet_entries::service.eq(Service::NAME));
    diesel::update(own).set(wallet_entries::reference.eq(sql::<Text>("gen_random_uuid()::text"))).execute(connection).await?;
    diesel::update(wallet_entries::table.filter(wallet_entries::user_id.eq(user)))
        .set((wallet_entries::user_id.eq(pseudonym), wallet_entries::reason.eq(None::<String>)))
        .execute(connection)
        .await
}

/// Has what is or was held for a user be a pseudonym's, and say no more what it was for. What is still held is paid or let go as it would be.
pub(super) async fn repoint_holds(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(wallet_holds::table.filter(wallet_holds::user_id.eq(user)))
        .set((wallet_holds::user_id.eq(pseudonym), wallet_holds::reason.eq(None::<String>), wallet_holds::updated_at.eq(now)))
        .execute(connection)
        .await
}

/// Has the invitations that a user made or accepted be a pseudonym's, and say no more who is whose.
pub(super) async fn repoint_invitations(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let blank = || (family_invitations::relationship.eq(None::<String>), family_invitations::updated_at.eq(now));
    let made = diesel::update(family_invitations::table.filter(family_invitations::invited_by.eq(user)))
        .set((family_invitations::invited_by.eq(pseudonym), blank()))
        .execute(connection)
        .await?;
    let accepted = diesel::update(family_invitations::table.filter(family_invitations::accepted_by.eq(user)))
        .set((family_invitations::accepted_by.eq(pseudonym), blank()))
        .execute(connection)
        .await?;
    Ok(made + accepted)
}

/// Deletes the invitations for a user by name.
pub(super) async fn delete_invitations(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let invited = family_invitations::table.filter(family_invitations::invitee_user_id.eq(user));
    diesel::delete(invited).execute(connection).await
}

/// Has nobody answer for the children for whom a user did. The reference would see to it, but not to `updated_at`.
pub(super) async fn release_children(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    diesel::update(family_members::table.filter(family_members::guardian_user_id.eq(user)))
        .set((family_members::guardian_user_id.eq(None::<Uuid>), family_members::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Deletes a user's places in plans, in which they have no seat.
pub(super) async fn delete_members(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(family_members::table.filter(family_members::user_id.eq(user))).execute(connection).await
}

/// Deletes what a user ate.
pub(super) async fn delete_intakes(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(nutritional_intake::table.filter(nutritional_intake::user_id.eq(user))).execute(connection).await
}
