//! Queries of memberships.

use std::collections::BTreeSet;

use diesel::dsl::now;
use diesel::prelude::*;
use diesel::query_source::{Alias, AliasedField};
use diesel::sql_types::{Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Added, Role};
use crate::schema::{family_memberships, users};

orchard_db::text_column!(Role);

diesel::alias! {
    pub(crate) const FELLOWS: Alias<Fellows> = family_memberships as fellows;
}

/// Whether `viewer` and the user of the `users` row are in one family, neither as a guest.
#[diesel::dsl::auto_type]
pub(crate) fn share_a_family(viewer: Uuid) -> _ {
    let guest: Role = Role::Guest;
    let fellows: Alias<Fellows> = FELLOWS;
    let plan: AliasedField<Fellows, family_memberships::family_plan_id> = FELLOWS.field(family_memberships::family_plan_id);
    let user: AliasedField<Fellows, family_memberships::user_id> = FELLOWS.field(family_memberships::user_id);
    let role: AliasedField<Fellows, family_memberships::role> = FELLOWS.field(family_memberships::role);
    let own = family_memberships::user_id.eq(users::id).and(family_memberships::role.ne(guest));
    let theirs = user.eq(viewer).and(role.ne(guest));
    let both = family_memberships::table.inner_join(fellows.on(plan.eq(family_memberships::family_plan_id)));
    diesel::dsl::exists(both.filter(own.and(theirs)))
}

/// Whether the user of the `users` row is a child in a family.
#[diesel::dsl::auto_type]
pub(crate) fn is_a_child() -> _ {
    let child: Role = Role::Child;
    let own = family_memberships::user_id.eq(users::id).and(family_memberships::role.eq(child));
    diesel::dsl::exists(family_memberships::table.filter(own))
}

/// Who is in a family with a user, neither as a guest.
pub(crate) async fn fellows_of(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let own = family_memberships::table
        .filter(family_memberships::user_id.eq(user))
        .filter(family_memberships::role.ne(Role::Guest))
        .select(family_memberships::family_plan_id)
        .load::<Uuid>(&mut connection)
        .await?;
    family_memberships::table
        .filter(family_memberships::family_plan_id.eq_any(own))
        .filter(family_memberships::role.ne(Role::Guest))
        .filter(family_memberships::user_id.ne(user))
        .select(family_memberships::user_id)
        .distinct()
        .load(&mut connection)
        .await
}

/// Whether the user of the `users` row is a child that was added to a family, for whom `adult` answers there: as its guardian, or as an
/// admin.
#[diesel::dsl::auto_type]
pub(crate) fn is_answered_for_by(adult: Uuid) -> _ {
    let (admin, member, child): (Role, Role, Role) = (Role::Admin, Role::Member, Role::Child);
    let fellows: Alias<Fellows> = FELLOWS;
    let plan: AliasedField<Fellows, family_memberships::family_plan_id> = FELLOWS.field(family_memberships::family_plan_id);
    let user: AliasedField<Fellows, family_memberships::user_id> = FELLOWS.field(family_memberships::user_id);
    let role: AliasedField<Fellows, family_memberships::role> = FELLOWS.field(family_memberships::role);
    let added =
        family_memberships::user_id.eq(users::id).and(family_memberships::role.eq(child)).and(family_memberships::was_added);
    let guardian = role.eq(member).and(family_memberships::guardian_user_id.is_not_distinct_from(adult));
    let answers = user.eq(adult).and(role.eq(admin).or(guardian));
    let both = family_memberships::table.inner_join(fellows.on(plan.eq(family_memberships::family_plan_id)));
    diesel::dsl::exists(both.filter(added.and(answers)))
}

/// Who is a child in a family.
pub(super) async fn children_of(connection: &mut AsyncPgConnection, plan: Uuid) -> QueryResult<BTreeSet<Uuid>> {
    let children = family_memberships::table
        .filter(family_memberships::family_plan_id.eq(plan))
        .filter(family_memberships::role.eq(Role::Child))
        .select(family_memberships::user_id);
    Ok(children.load(connection).await?.into_iter().collect())
}

/// Writes that a user, if they are known, belongs to a family; again, that they do so in this role.
pub(super) async fn join(
    connection: &mut AsyncPgConnection,
    plan: Uuid,
    user: Uuid,
    role: Role,
    added: Option<Added>,
) -> QueryResult<()> {
    let (was_added, guardian) = (added.is_some(), added.and_then(|added| added.guardian));
    let known = users::table.find(user).select((
        plan.into_sql::<SqlUuid>(),
        users::id,
        role.into_sql::<Text>(),
        was_added.into_sql::<Bool>(),
        guardian.into_sql::<Nullable<SqlUuid>>(),
    ));
    diesel::insert_into(family_memberships::table)
        .values(known)
        .into_columns((
            family_memberships::family_plan_id,
            family_memberships::user_id,
            family_memberships::role,
            family_memberships::was_added,
            family_memberships::guardian_user_id,
        ))
        .on_conflict((family_memberships::family_plan_id, family_memberships::user_id))
        .do_update()
        .set((
            family_memberships::role.eq(role),
            family_memberships::was_added.eq(was_added),
            family_memberships::guardian_user_id.eq(guardian),
            family_memberships::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Writes what a user is in a family now.
pub(super) async fn set_role(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid, role: Role) -> QueryResult<()> {
    diesel::update(family_memberships::table.find((plan, user)))
        .set((family_memberships::role.eq(role), family_memberships::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Takes a user out of a family.
pub(super) async fn leave(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    diesel::delete(family_memberships::table.find((plan, user))).execute(connection).await.map(|_| ())
}

/// Takes everyone out of a family.
pub(super) async fn close(connection: &mut AsyncPgConnection, plan: Uuid) -> QueryResult<()> {
    let all = family_memberships::table.filter(family_memberships::family_plan_id.eq(plan));
    diesel::delete(all).execute(connection).await.map(|_| ())
}
