//! Queries of an erasure.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, now, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use orchard_db::{Connection, idempotency};
use orchard_privacy::schema::users;
use orchard_server::Slice as _;
use uuid::Uuid;

use crate::Service;
use crate::schema::{
    children, family_invitations, family_members, family_plans, nutritional_intake, wallet_entries, wallet_holds,
};

/// Returns the plans that a user is or was a member of, or is invited to, ordered by id. Only these refer to the user.
pub(super) async fn plans_of(connection: &mut Connection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let member = family_members::table.filter(family_members::user_id.eq(user)).select(family_members::family_plan_id);
    let invited =
        family_invitations::table.filter(family_invitations::invitee_user_id.eq(user)).select(family_invitations::family_plan_id);
    let mut plans: Vec<Uuid> = member.union(invited).load(connection).await?;
    plans.sort_unstable();
    Ok(plans)
}

/// Replaces a user by a pseudonym in the results of others' requests: a guardian's request created the child.
pub(super) async fn repoint_answers(connection: &mut Connection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let guardians: Vec<Option<Uuid>> = family_members::table
        .filter(family_members::user_id.eq(user))
        .filter(family_members::guardian_user_id.is_not_null())
        .select(family_members::guardian_user_id)
        .load(connection)
        .await?;
    let callers: Vec<String> = guardians.into_iter().flatten().map(|guardian| guardian.to_string()).collect();
    idempotency::replace_id(connection, &callers, user, pseudonym).await
}

/// Returns whether rows that others need refer to a user.
pub(super) async fn is_referred_to(connection: &mut Connection, user: Uuid) -> QueryResult<bool> {
    let entries = wallet_entries::table.filter(wallet_entries::user_id.eq(user));
    let invitations = family_invitations::table
        .filter(family_invitations::accepted_by.eq(user).or(family_invitations::invited_by.nullable().eq(user)));
    let holds = wallet_holds::table.filter(wallet_holds::user_id.eq(user));
    diesel::select(exists(entries).or(exists(invitations)).or(exists(holds))).get_result(connection).await
}

/// Inserts a pseudonym, without its time of creation, which would reveal who was erased at that time.
pub(super) async fn add_pseudonym(connection: &mut Connection, pseudonym: Uuid) -> QueryResult<()> {
    diesel::insert_into(users::table)
        .values((users::id.eq(pseudonym), users::created_at.eq(DateTime::<Utc>::UNIX_EPOCH)))
        .execute(connection)
        .await
        .map(drop)
}

/// Replaces a user by a pseudonym in entries, and removes the reasons.
///
/// References of this slice contain the id of the member who spent, so the entry's own id replaces them. References of other services stay, because they
/// identify repeated requests.
pub(super) async fn repoint_entries(connection: &mut Connection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let own = wallet_entries::table.filter(wallet_entries::user_id.eq(user)).filter(wallet_entries::service.eq(Service::NAME));
    diesel::update(own).set(wallet_entries::reference.eq(sql::<Text>("id::text"))).execute(connection).await?;
    diesel::update(wallet_entries::table.filter(wallet_entries::user_id.eq(user)))
        .set((wallet_entries::user_id.eq(pseudonym), wallet_entries::reason.eq(None::<String>)))
        .execute(connection)
        .await
}

/// Replaces a user by a pseudonym in holds, and removes the reasons. Money that is still held can be captured and released as before.
pub(super) async fn repoint_holds(connection: &mut Connection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(wallet_holds::table.filter(wallet_holds::user_id.eq(user)))
        .set((wallet_holds::user_id.eq(pseudonym), wallet_holds::reason.eq(None::<String>), wallet_holds::updated_at.eq(now)))
        .execute(connection)
        .await
}

/// Replaces a user by a pseudonym in invitations that they created or accepted, and removes the relationships.
pub(super) async fn repoint_invitations(connection: &mut Connection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
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

/// Deletes the invitations that name a user.
pub(super) async fn delete_invitations(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    let invited = family_invitations::table.filter(family_invitations::invitee_user_id.eq(user));
    diesel::delete(invited).execute(connection).await
}

/// Removes a user as the guardian of children. The foreign key would do so, but would not set `updated_at`.
pub(super) async fn release_children(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::update(family_members::table.filter(family_members::guardian_user_id.eq(user)))
        .set((family_members::guardian_user_id.eq(None::<Uuid>), family_members::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Gives the children of a guardian to the holder of a plan in which the child has a seat, or to nobody.
pub(super) async fn pass_children_on(connection: &mut Connection, guardian: Uuid) -> QueryResult<usize> {
    let wards: Vec<Uuid> = children::table
        .filter(children::guardian_user_id.eq(guardian))
        .order(children::user_id)
        .select(children::user_id)
        .for_update()
        .load(connection)
        .await?;
    for ward in &wards {
        let heir: Option<Option<Uuid>> = family_members::table
            .inner_join(family_plans::table)
            .filter(family_members::user_id.eq(ward))
            .filter(family_members::is_active)
            .filter(family_plans::primary_account_holder.is_not_null())
            .order(family_members::joined_at)
            .select(family_plans::primary_account_holder)
            .first(connection)
            .await
            .optional()?;
        diesel::update(children::table.find(ward))
            .set((children::guardian_user_id.eq(heir.flatten()), children::updated_at.eq(now)))
            .execute(connection)
            .await?;
    }
    Ok(wards.len())
}

/// Deletes that a user is or was a child.
pub(super) async fn delete_child(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(children::table.find(user)).execute(connection).await
}

/// Deletes a user as a former member of plans.
pub(super) async fn delete_members(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(family_members::table.filter(family_members::user_id.eq(user))).execute(connection).await
}

/// Deletes the intakes of a user.
pub(super) async fn delete_intakes(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(nutritional_intake::table.filter(nutritional_intake::user_id.eq(user))).execute(connection).await
}
