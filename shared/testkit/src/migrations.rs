//! What migrations may do while the release before them still serves: `deploy/README.md` has the rules.

/// Migrations from before this date are those of the first release, beside which no other one serves.
const RULED: &str = "2026-12-01";

/// Names have fewer bytes, because distributed databases add the number of a shard.
const NAME_BYTES: usize = 55;
/// Longer names that a later migration shortens.
const SHORTENED: [&str; 2] =
    ["challenge_progress_challenge_participant_id_progress_date_key", "achievement_milestones_user_id_milestone_type_target_key"];

/// Returns a name of a constraint or an index that is too long.
fn long_name(statement: &str) -> Option<&str> {
    let names = statement.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let mut long = names.filter(|name| name.len() >= NAME_BYTES && !SHORTENED.contains(name));
    long.next()
}

/// Returns what is wrong with a statement of a migration, given the names of the tables that the same migration creates.
fn lock(statement: &str, created: &[String]) -> Option<&'static str> {
    let statement = statement.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let has = |words: &str| statement.contains(words);
    let table = statement.split_once(" on ").map(|(_, rest)| rest).or_else(|| statement.strip_prefix("alter table "));
    let table = table.and_then(|rest| rest.split([' ', '(', ';']).find(|word| !matches!(*word, "only" | "if" | "exists")));
    if table.is_some_and(|table| created.iter().any(|new| new == table)) {
        return None;
    }
    match statement.split(' ').next() {
        Some("create") if has(" index ") && !has(" concurrently ") => {
            Some("CREATE INDEX CONCURRENTLY, in a migration of its own")
        }
        Some("alter") if has(" alter column ") && has(" type ") => Some("a new column instead of another type"),
        Some("alter") if has(" set not null") && !has("alter domain") => {
            Some("a CHECK (.. IS NOT NULL) NOT VALID that is validated later")
        }
        Some("alter") if has(" add column ") && (has(" stored") || has("random")) => {
            Some("a column without a value for each row")
        }
        Some("alter") if has(" add ") && (has(" check ") || has(" references ")) && !has(" not valid") => {
            Some("NOT VALID, and VALIDATE later")
        }
        Some("alter") if (has(" unique") || has(" primary key")) && !has(" using index ") => {
            Some("an index first, and USING INDEX")
        }
        Some("alter") if has(" rename ") => Some("a new name beside the old one"),
        Some("lock" | "truncate" | "vacuum" | "cluster" | "reindex") => Some("nothing that locks a table"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::statements::refused_form;

    fn find(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                find(&path, found);
            } else if path.ends_with("up.sql") {
                found.push(path);
            }
        }
    }

    fn created(statements: &[&str]) -> Vec<String> {
        let named = statements.iter().filter_map(|statement| statement.strip_prefix("CREATE TABLE "));
        let name = |rest: &str| rest.trim_start_matches("IF NOT EXISTS ").split([' ', '(']).next().map(str::to_lowercase);
        named.filter_map(name).collect()
    }

    #[test]
    fn migrations_have_portable_forms_and_take_no_long_locks() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the project");
        let mut files = Vec::new();
        for folder in ["shared", "services"] {
            for crate_ in fs::read_dir(root.join(folder)).expect("a folder") {
                let migrations = crate_.expect("an entry").path().join("migrations");
                if migrations.is_dir() {
                    find(&migrations, &mut files);
                }
            }
        }
        assert!(files.len() > 20, "{files:?}");
        for file in files {
            let script = fs::read_to_string(&file).expect("a script");
            let (statements, name) = (orchard_db::statements(&script), file.parent().and_then(Path::file_name).expect("a name"));
            let created = created(&statements);
            for statement in &statements {
                assert_eq!(refused_form(statement), None, "{}: {statement}", file.display());
                assert_eq!(long_name(statement), None, "{}", file.display());
                if *name > *RULED {
                    assert_eq!(lock(statement, &created), None, "is better in {}: {statement}", file.display());
                }
            }
        }
    }

    #[test]
    fn what_takes_a_long_lock_is_found() {
        for (statement, is_found) in [
            ("CREATE INDEX a ON seats (id)", true),
            ("CREATE INDEX CONCURRENTLY a ON seats (id)", false),
            ("CREATE UNIQUE INDEX a ON new_table (id)", false),
            ("ALTER TABLE seats ALTER COLUMN id TYPE bigint", true),
            ("ALTER TABLE seats ALTER COLUMN id SET NOT NULL", true),
            ("ALTER TABLE seats ADD COLUMN is_on BOOLEAN GENERATED ALWAYS AS (id > 1) STORED", true),
            ("ALTER TABLE seats ADD COLUMN note VARCHAR(20)", false),
            ("ALTER TABLE seats ADD COLUMN note INT NOT NULL DEFAULT 0", false),
            ("ALTER TABLE seats ADD CONSTRAINT c CHECK (id > 1)", true),
            ("ALTER TABLE seats ADD CONSTRAINT c CHECK (id > 1) NOT VALID", false),
            ("ALTER TABLE seats VALIDATE CONSTRAINT c", false),
            ("ALTER TABLE seats ADD CONSTRAINT c UNIQUE (id)", true),
            ("ALTER TABLE seats ADD CONSTRAINT c UNIQUE USING INDEX a", false),
            ("ALTER TABLE new_table ADD CONSTRAINT c UNIQUE (id)", false),
            ("ALTER TABLE seats RENAME COLUMN a TO b", true),
            ("LOCK TABLE seats", true),
        ] {
            assert_eq!(lock(statement, &["new_table".to_owned()]).is_some(), is_found, "{statement}");
        }
    }
}
