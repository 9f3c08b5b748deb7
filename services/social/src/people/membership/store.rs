//! Queries of memberships.

use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel::query_source::{Alias, AliasedField};
use diesel::sql_types::{Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{AddedChild, Role};
use crate::schema::{children, family_memberships, users};
use crate::visibility::relatives;

orchard_db::text_column!(Role);

diesel::alias! {
    pub(crate) const ADULTS: Alias<Adults> = family_memberships as adults;
}

/// Whether the user of the `users` row is a child.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn is_child() -> _ {
    exists(children::table.filter(children::user_id.eq(users::id)))
}

/// Whether the user of the `users` row is a child who was added to a family in which `adult` is an admin, or the child's guardian.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn may_be_named_by(adult: Uuid) -> _ {
    let (admin, member, child): (Role, Role, Role) = (Role::Admin, Role::Member, Role::Child);
    let adults: Alias<Adults> = ADULTS;
    let plan: AliasedField<Adults, family_memberships::family_plan_id> = ADULTS.field(family_memberships::family_plan_id);
    let user: AliasedField<Adults, family_memberships::user_id> = ADULTS.field(family_memberships::user_id);
    let role: AliasedField<Adults, family_memberships::role> = ADULTS.field(family_memberships::role);
    let added =
        family_memberships::user_id.eq(users::id).and(family_memberships::role.eq(child)).and(family_memberships::was_added);
    let guardian = role.eq(member).and(family_memberships::guardian_user_id.is_not_distinct_from(adult));
    let responsible = user.eq(adult).and(role.eq(admin).or(guardian));
    let both = family_memberships::table.inner_join(adults.on(plan.eq(family_memberships::family_plan_id)));
    exists(both.filter(added.and(responsible)))
}

orchard_db::prepared! {
    /// The other members of a user's families, where neither is a guest.
    struct Relatives { user: Uuid } -> (SqlUuid,) =
        concat!("SELECT DISTINCT theirs.user_id FROM ", relatives!(), " WHERE own.user_id = "), user as SqlUuid,
        " AND theirs.user_id <> own.user_id";
}

orchard_db::prepared! {
    /// Adds or replaces the membership of a known user.
    struct Join { plan: Uuid, user: Uuid, role: Role, was_added: bool, guardian: Option<Uuid> } -> (SqlUuid,) = "
        WITH known AS MATERIALIZED (SELECT id FROM users WHERE id = ", user as SqlUuid, ")
        INSERT INTO family_memberships (family_plan_id, user_id, role, was_added, guardian_user_id)
        SELECT ", plan as SqlUuid, "::uuid, id, ", role as Text, "::text, ", was_added as Bool, "::boolean, ", guardian as Nullable<SqlUuid>, "::uuid
        FROM known
        ON CONFLICT (family_plan_id, user_id) DO UPDATE SET
          role = excluded.role,
          was_added = excluded.was_added,
          guardian_user_id = excluded.guardian_user_id,
          updated_at = excluded.updated_at
        RETURNING user_id";
}

/// Returns the users who are friends of a user because they are in the same family.
pub(crate) async fn relatives_of(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let relatives: Vec<(Uuid,)> = Relatives { user }.load(&mut connection).await?;
    Ok(relatives.into_iter().map(|(id,)| id).collect())
}

/// Returns whether a user belongs to any family.
pub(crate) async fn has_family(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    diesel::select(exists(family_memberships::table.filter(family_memberships::user_id.eq(user))))
        .get_result(&mut connection)
        .await
}

/// Notes that a user, if known, is a child.
pub(crate) async fn protect(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let known = users::table.find(user).select(users::id).first::<Uuid>(connection).await.optional()?;
    if let Some(user) = known {
        let new = diesel::insert_into(children::table).values(children::user_id.eq(user));
        new.on_conflict_do_nothing().execute(connection).await?;
    }
    Ok(())
}

/// Notes that a user is no longer a child.
pub(crate) async fn release(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    diesel::delete(children::table.find(user)).execute(connection).await.map(|_| ())
}

/// Adds a user to a family, or replaces their membership, if they are known.
pub(crate) async fn join(
    connection: &mut AsyncPgConnection,
    plan: Uuid,
    user: Uuid,
    role: Role,
    added: Option<AddedChild>,
) -> QueryResult<()> {
    let (was_added, guardian) = (added.is_some(), added.and_then(|added| added.guardian));
    Join { plan, user, role, was_added, guardian }.get_result::<(Uuid,)>(connection).await.optional().map(drop)
}

/// Changes the role of a member.
pub(crate) async fn set_role(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid, role: Role) -> QueryResult<()> {
    diesel::update(family_memberships::table.find((plan, user)))
        .set((family_memberships::role.eq(role), family_memberships::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Removes a member from a family.
pub(crate) async fn leave(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    diesel::delete(family_memberships::table.find((plan, user))).execute(connection).await.map(|_| ())
}

/// Removes all members from a family.
pub(crate) async fn close(connection: &mut AsyncPgConnection, plan: Uuid) -> QueryResult<()> {
    let all = family_memberships::table.filter(family_memberships::family_plan_id.eq(plan));
    diesel::delete(all).execute(connection).await.map(|_| ())
}
