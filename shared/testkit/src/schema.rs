//! Checks of a migrated schema that code review forgets.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use tokio_postgres::Client;

/// A column: table, name, SQL type as diesel names it, whether it may be NULL.
type Column = (String, String, String, bool);

/// The columns that a `schema.rs` declares, in its order within each table.
pub fn declared(schema_rs: &str) -> BTreeMap<String, Vec<Column>> {
    let mut tables = BTreeMap::new();
    let mut table = None;
    for line in schema_rs.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = Some(name.to_owned());
        } else if line == "}" {
            table = None;
        } else if let (Some(table), Some((column, kind))) = (&table, line.trim_end_matches(',').split_once(" -> ")) {
            let nullable = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let column = (table.clone(), column.to_owned(), nullable.unwrap_or(kind).to_owned(), nullable.is_some());
            tables.entry(table.clone()).or_insert_with(Vec::new).push(column);
        }
    }
    tables
}

/// The schema modules of the shared crates, which describe the tables that several slices have.
const SHARED: &str = concat!(
    include_str!("../../db/src/schema.rs"),
    include_str!("../../events/src/schema.rs"),
    include_str!("../../intents/src/schema.rs"),
    include_str!("../../privacy/src/schema.rs"),
);

/// Checks that each table of a slice's database is described once, by the slice's `schema.rs` or by a shared crate's. Only a table
/// with more columns than a shared one of its name is described by the slice all the same.
pub async fn check_described(client: &Client, schema_rs: &str) -> anyhow::Result<()> {
    let (own, shared) = (declared(schema_rs), declared(SHARED));
    for (table, columns) in &own {
        if let Some(shared) = shared.get(table) {
            let extends = columns.len() > shared.len() && shared.iter().all(|column| columns.contains(column));
            ensure!(extends, "{table} is described by a shared crate, too");
        }
    }
    let migrated = migrated(client).await?;
    let mut described = shared;
    described.retain(|table, _| migrated.contains_key(table));
    described.extend(own);
    ensure!(described == migrated, "described are {described:#?}, but there are {migrated:#?}");
    Ok(())
}

/// The columns that the database has, without views and the migrations' own table.
pub async fn migrated(client: &Client) -> anyhow::Result<BTreeMap<String, Vec<Column>>> {
    let rows = client
        .query(
            "SELECT c.table_name::text, c.column_name::text, c.udt_name::text, c.is_nullable = 'YES'
             FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
             WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
               AND c.table_name <> '__diesel_schema_migrations'
             ORDER BY c.table_name, c.ordinal_position",
            &[],
        )
        .await?;
    let mut tables = BTreeMap::new();
    for row in rows {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let column = (table.clone(), column, diesel_type(&kind)?, row.get(3));
        tables.entry(table).or_insert_with(Vec::new).push(column);
    }
    Ok(tables)
}

fn diesel_type(udt: &str) -> anyhow::Result<String> {
    if let Some(element) = udt.strip_prefix('_') {
        return Ok(format!("Array<{}>", diesel_type(element)?));
    }
    let name = match udt {
        "bool" => "Bool",
        "bytea" => "Bytea",
        "date" => "Date",
        "int2" => "Int2",
        "int4" => "Int4",
        "int8" => "Int8",
        "jsonb" => "Jsonb",
        "numeric" => "Numeric",
        "text" => "Text",
        "timestamptz" => "Timestamptz",
        "tsvector" => "Tsvector",
        "uuid" => "Uuid",
        "varchar" => "Varchar",
        other => anyhow::bail!("the check does not know the type {other}"),
    };
    Ok(name.to_owned())
}

/// All that migrations make: columns, constraints, indexes and views, as text.
pub async fn objects(client: &Client) -> anyhow::Result<BTreeSet<String>> {
    names(
        client,
        "WITH tables AS (SELECT oid, relname, relkind, reloptions FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
         SELECT concat_ws(' ', relkind, relname, reloptions) FROM tables
         UNION ALL
         SELECT concat_ws(' ', relname, attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
                          attidentity, attgenerated, pg_get_expr(adbin, adrelid))
         FROM tables JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE relkind IN ('r', 'v')
         UNION ALL
         SELECT concat_ws(' ', relname, conname, pg_get_constraintdef(c.oid)) FROM tables JOIN pg_constraint c ON conrelid = tables.oid
         UNION ALL
         SELECT replace(pg_get_indexdef(oid), current_schema() || '.', '') FROM tables WHERE relkind = 'i'
         UNION ALL
         SELECT concat_ws(' ', relname, pg_get_viewdef(oid)) FROM tables WHERE relkind = 'v'",
    )
    .await
}

/// Every reference to `users`, as `table.column`, with what deleting the user does.
pub async fn user_references(client: &Client) -> anyhow::Result<BTreeMap<String, String>> {
    let rows = client
        .query(
            "SELECT r.relname::text || '.' || a.attname::text,
                    CASE c.confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL'
                                       WHEN 'r' THEN 'RESTRICT' ELSE 'SET DEFAULT' END
             FROM pg_constraint c
             JOIN pg_class r ON r.oid = c.conrelid
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
             WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass",
            &[],
        )
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Foreign keys without an index that begins with their columns.
pub async fn foreign_keys_without_index(client: &Client) -> anyhow::Result<BTreeSet<String>> {
    names(
        client,
        "SELECT c.conname::text FROM pg_constraint c
         WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace AND NOT EXISTS (
           SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
             AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)",
    )
    .await
}

/// Plain indexes whose columns another index of the table begins with.
pub async fn repeated_indexes(client: &Client) -> anyhow::Result<BTreeSet<String>> {
    names(
        client,
        "SELECT a.indexrelid::regclass::text FROM pg_index a JOIN pg_index b
           ON a.indrelid = b.indrelid AND a.indexrelid <> b.indexrelid
         JOIN pg_class ca ON ca.oid = a.indexrelid JOIN pg_class cb ON cb.oid = b.indexrelid
         WHERE ca.relnamespace = current_schema()::regnamespace AND NOT a.indisunique
           AND ca.relam = cb.relam AND a.indpred IS NULL AND b.indpred IS NULL AND a.indexprs IS NULL AND b.indexprs IS NULL
           AND (b.indkey::int2[])[0:a.indnkeyatts - 1] = (a.indkey::int2[])[0:a.indnkeyatts - 1]
           AND (b.indoption::int2[])[0:a.indnkeyatts - 1] = (a.indoption::int2[])[0:a.indnkeyatts - 1]",
    )
    .await
}

async fn names(client: &Client, query: &str) -> anyhow::Result<BTreeSet<String>> {
    let rows = client.query(query, &[]).await.context("the catalogue cannot be read")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Has every update of a row fail that does not set `updated_at`, where there is one, to its transaction's time.
pub async fn refuse_stale_updates(client: &Client) -> anyhow::Result<()> {
    let sql = "
        CREATE FUNCTION refuse_stale_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW IS DISTINCT FROM OLD AND NEW.updated_at <> now() THEN
            RAISE EXCEPTION 'updated_at of % is stale', TG_TABLE_NAME;
          END IF;
          RETURN NEW;
        END $$;
        DO $$ DECLARE name text; BEGIN
          FOR name IN SELECT table_name FROM information_schema.columns
            WHERE table_schema = current_schema() AND column_name = 'updated_at' LOOP
            EXECUTE format('CREATE TRIGGER stale BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_stale_update()', name);
          END LOOP;
        END $$";
    Ok(client.batch_execute(sql).await?)
}
