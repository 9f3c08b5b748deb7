//! Databases that an earlier release made.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use orchard_db::Migrations;
use tokio_postgres::Client;

use crate::database::Schema;
use crate::schema;

/// A row by columns.
type Row = serde_json::Map<String, serde_json::Value>;

/// Rows of tables that several slices have: the table, its columns and a value for each.
const ROWS: [(&str, &str, &str); 7] = [
    (
        "idempotency_keys",
        "caller, method, request_id, request_hash, result_ids, expires_at",
        "'a', 'm', gen_random_uuid(), 'hash', ARRAY[gen_random_uuid()], now() + INTERVAL '1 day'",
    ),
    ("users", "id", "gen_random_uuid()"),
    ("erased_users", "user_hash", "sha256('somebody')"),
    (
        "outbox",
        "consumer, event_id, aggregate_id, sequence, event_type, payload",
        "'c', gen_random_uuid(), gen_random_uuid(), 1, 't', 'p'",
    ),
    (
        "outbox_failures",
        "consumer, aggregate_id, position, attempts, parked_at, refusal",
        "'c', gen_random_uuid(), (SELECT position FROM outbox), 10, now(), 'INTERNAL'",
    ),
    ("outbox_leases", "consumer, holder, expires_at", "'c', gen_random_uuid(), now()"),
    ("inbox", "source, aggregate_id, sequence", "'s', gen_random_uuid(), 7"),
];

/// Migrates a database of an earlier release, whose SQL is `released`, and compares it with a new one: the schema must be the same,
/// and the rows in tables that several slices have must still be there.
pub async fn check(released: &str, migrations: fn() -> Migrations) -> anyhow::Result<()> {
    let (old, new) = (Schema::create().await?, Schema::create().await?);
    let (upgraded, fresh) = (old.connect().await?, new.connect().await?);
    upgraded.batch_execute(released).await?;
    let filled = fill(&upgraded).await?;
    let before = rows(&upgraded, &filled).await?;
    ensure!(before.values().all(|rows| rows.len() == 1), "one row in each table: {before:?}");

    old.migrate(migrations()).await?;
    new.migrate(migrations()).await?;
    let mut after = rows(&upgraded, &filled).await?;
    for (table, rows) in &mut after {
        // Columns that the tables did not have are new, and not a change of a row.
        let known = &before[table][0];
        rows.iter_mut().for_each(|row| row.retain(|column, _| known.contains_key(column)));
    }
    ensure!(before == after, "rows have changed: {before:?} became {after:?}");

    let (upgraded, fresh) = (schema::objects(&upgraded).await?, schema::objects(&fresh).await?);
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<Vec<_>>().join("\n");
    ensure!(
        upgraded == fresh,
        "only in the upgraded database:\n{}\nonly in a new one:\n{}",
        only(&upgraded, &fresh),
        only(&fresh, &upgraded)
    );
    Ok(())
}

/// Inserts a row into each of the tables that the database has, and returns their names.
async fn fill(client: &Client) -> anyhow::Result<Vec<&'static str>> {
    let mut filled = Vec::new();
    for (table, columns, values) in ROWS {
        if client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await?.get(0) {
            client.batch_execute(&format!("INSERT INTO {table} ({columns}) VALUES ({values})")).await?;
            filled.push(table);
        }
    }
    Ok(filled)
}

/// The rows of each table, as JSON: columns may have another order in a new database.
async fn rows(client: &Client, tables: &[&'static str]) -> anyhow::Result<BTreeMap<&'static str, Vec<Row>>> {
    let mut all = BTreeMap::new();
    for table in tables {
        let rows = client.query(&format!("SELECT to_jsonb(t)::text FROM {table} t"), &[]).await?;
        let rows = rows.iter().map(|row| serde_json::from_str(row.get(0)));
        all.insert(*table, rows.collect::<Result<_, _>>()?);
    }
    Ok(all)
}
