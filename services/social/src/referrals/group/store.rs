//! Queries of groups.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Tops;
use crate::schema::{referral_groups, users};

/// A group that was not merged into another one.
#[derive(Debug, Clone, Copy, Queryable)]
pub(super) struct Top {
    pub(super) id: Uuid,
    pub(super) size: i32,
}

/// Returns the groups of those of these users who have one.
pub(in crate::referrals) async fn of_users(
    mut connection: &AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<BTreeMap<Uuid, Uuid>> {
    let group = users::referral_group_id.assume_not_null();
    let rows: Vec<(Uuid, Uuid)> = users::table
        .filter(users::id.eq_any(ids))
        .filter(users::referral_group_id.is_not_null())
        .select((users::id, group))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Follows these groups to the top.
pub(super) async fn tops(mut connection: &AsyncPgConnection, groups: &BTreeSet<Uuid>) -> QueryResult<Tops> {
    let mut reached: Tops = groups.iter().map(|group| (*group, *group)).collect();
    let mut open: BTreeSet<Uuid> = groups.clone();
    while !open.is_empty() {
        let parents: Vec<(Uuid, Uuid)> = referral_groups::table
            .filter(referral_groups::id.eq_any(open.iter().copied().collect::<Vec<_>>()))
            .filter(referral_groups::parent_id.is_not_null())
            .select((referral_groups::id, referral_groups::parent_id.assume_not_null()))
            .load(&mut connection)
            .await?;
        let parents: BTreeMap<Uuid, Uuid> = parents.into_iter().collect();
        for at in reached.values_mut() {
            if let Some(parent) = parents.get(at) {
                *at = *parent;
            }
        }
        open = parents.into_values().collect();
    }
    Ok(reached)
}

/// Locks those of these groups that were not merged into another one, in the order of their ids.
pub(super) async fn lock(connection: &mut AsyncPgConnection, groups: &BTreeSet<Uuid>) -> QueryResult<BTreeMap<Uuid, Top>> {
    if groups.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<Top> = referral_groups::table
        .filter(referral_groups::id.eq_any(groups.iter().copied().collect::<Vec<_>>()))
        .filter(referral_groups::parent_id.is_null())
        .order(referral_groups::id)
        .select((referral_groups::id, referral_groups::size))
        .for_no_key_update()
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|top| (top.id, top)).collect())
}

/// Adds a group.
pub(super) async fn insert(connection: &mut AsyncPgConnection, size: i32) -> QueryResult<Uuid> {
    let id = Uuid::now_v7();
    let row = (referral_groups::id.eq(id), referral_groups::size.eq(size));
    diesel::insert_into(referral_groups::table).values(row).execute(connection).await?;
    Ok(id)
}

/// Merges a group into another one.
pub(super) async fn merge(connection: &mut AsyncPgConnection, small: Uuid, large: Uuid) -> QueryResult<()> {
    let merged = diesel::update(referral_groups::table.find(small)).set(referral_groups::parent_id.eq(large));
    merged.execute(connection).await.map(|_| ())
}

/// Counts more users in a group.
pub(super) async fn grow(connection: &mut AsyncPgConnection, id: Uuid, by: i32) -> QueryResult<()> {
    let grown = diesel::update(referral_groups::table.find(id)).set(referral_groups::size.eq(referral_groups::size + by));
    grown.execute(connection).await.map(|_| ())
}

/// Puts users into a group.
pub(super) async fn set(connection: &mut AsyncPgConnection, ids: &[Uuid], group: Uuid) -> QueryResult<()> {
    diesel::update(users::table.filter(users::id.eq_any(ids)))
        .set((users::referral_group_id.eq(group), users::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Changes nothing of users but when they were changed.
pub(super) async fn touch(connection: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<()> {
    let touched = diesel::update(users::table.filter(users::id.eq_any(ids))).set(users::updated_at.eq(now));
    touched.execute(connection).await.map(|_| ())
}
