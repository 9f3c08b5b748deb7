//! Queries of memberships.

use diesel::dsl::now;
use diesel::prelude::*;
use diesel::query_source::{Alias, AliasedField};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Role;
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

/// Writes that a user belongs to a family; again, that they do so in this role.
pub(super) async fn join(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid, role: Role) -> QueryResult<()> {
    diesel::insert_into(family_memberships::table)
        .values((
            family_memberships::family_plan_id.eq(plan),
            family_memberships::user_id.eq(user),
            family_memberships::role.eq(role),
        ))
        .on_conflict((family_memberships::family_plan_id, family_memberships::user_id))
        .do_update()
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
