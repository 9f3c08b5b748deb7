//! Spans of statements, for calls whose traces are exported. A span has the statement's text and no values.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::OnceLock;
use std::time::SystemTime;

use diesel::connection::{DebugQuery, Instrumentation, InstrumentationEvent};
use diesel::result::Error;
use opentelemetry::trace::{Span as _, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue, global};
use orchard_rpc::trace;

/// The most statements of a connection that may be unanswered. With more, the oldest counts as abandoned.
const UNANSWERED: usize = 64;

/// Records the spans of one connection's statements. Calls that share the connection are told apart by the current span.
///
/// A span is made when its statement ends. An abandoned statement therefore leaves no open span for its trace to wait for.
#[derive(Default)]
pub(crate) struct StatementSpans(VecDeque<Statement>);

struct Statement {
    text: String,
    began: SystemTime,
    /// Not a `Context`, which would keep the parent span open: an abandoned statement may stay here for a long time.
    parent: SpanContext,
}

static INSPECT: OnceLock<fn(&str)> = OnceLock::new();

/// Calls `check` with the text of each statement of this process before it is sent. For tests; only the first call counts.
pub fn inspect(check: fn(&str)) {
    let _ = INSPECT.set(check);
}

impl Instrumentation for StatementSpans {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let (InstrumentationEvent::StartQuery { query, .. }, Some(check)) = (&event, INSPECT.get()) {
            check(&text(*query));
        }
        match event {
            InstrumentationEvent::StartQuery { query, .. } if trace::is_sampled() => {
                if self.0.len() == UNANSWERED {
                    self.0.pop_front();
                }
                self.0.push_back(Statement::begin(query));
            }
            InstrumentationEvent::FinishQuery { query, error, .. } if !self.0.is_empty() => {
                let (text, parent) = (text(query), span());
                let begun = self.0.iter().position(|statement| statement.parent == parent && statement.text == text);
                if let Some(statement) = begun.and_then(|begun| self.0.remove(begun)) {
                    statement.end(error);
                }
            }
            _ => {}
        }
    }
}

/// Returns the current span.
fn span() -> SpanContext {
    Context::map_current(|current| current.span().span_context().clone())
}

impl Statement {
    fn begin(query: &dyn DebugQuery) -> Self {
        Self { text: text(query), began: SystemTime::now(), parent: span() }
    }

    fn end(self, error: Option<&Error>) {
        let summary = summary(&self.text);
        let builder = global::tracer("orchard")
            .span_builder(summary.clone())
            .with_kind(SpanKind::Client)
            .with_start_time(self.began)
            .with_attributes([
                KeyValue::new("db.system.name", "postgresql"),
                KeyValue::new("db.query.summary", summary),
                KeyValue::new("db.query.text", self.text),
            ]);
        let mut span =
            global::tracer("orchard").build_with_context(builder, &Context::new().with_remote_span_context(self.parent));
        if let Some(error) = error {
            span.set_attribute(KeyValue::new("error.type", kind(error)));
            span.set_status(Status::error(""));
        }
    }
}

/// Returns the kind of an error. Its message may contain values.
fn kind(error: &Error) -> String {
    match error {
        Error::DatabaseError(kind, _) => format!("{kind:?}"),
        Error::NotFound => "NotFound".to_owned(),
        _ => "_OTHER".to_owned(),
    }
}

/// Returns the SQL of a query. Diesel writes the SQL first and in one piece; the values after it are not even formatted.
fn text(query: &dyn DebugQuery) -> String {
    struct First(Option<String>);

    impl fmt::Write for First {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            if self.0.is_some() {
                return Err(fmt::Error);
            }
            self.0 = Some(text.to_owned());
            Ok(())
        }
    }

    let mut first = First(None);
    let _ = write!(first, "{query}");
    first.0.unwrap_or_default()
}

/// Returns the operation and its table, such as `SELECT family_plans`.
fn summary(text: &str) -> String {
    let mut words = text.split_ascii_whitespace();
    let operation: Cow<'_, str> = words.next().unwrap_or("SQL").trim_end_matches(';').into();
    let table = match &*operation {
        "UPDATE" => words.next(),
        "SELECT" | "DELETE" => words.skip_while(|word| *word != "FROM").nth(1),
        "INSERT" => words.nth(1),
        _ => None,
    };
    // Diesel quotes names. Anything else is a subquery.
    match table.and_then(|table| table.trim_end_matches([',', ';', ')']).strip_prefix('"')?.strip_suffix('"')) {
        Some(table) => format!("{operation} {}", table.replace('"', "")),
        None => operation.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::pg::Pg;
    use diesel::prelude::*;

    diesel::table! {
        accounts (id) {
            id -> Int4,
            name -> Text,
        }
    }

    #[test]
    fn the_text_of_a_statement_has_no_values() {
        let query = accounts::table.filter(accounts::name.eq("Alice")).select(accounts::id);
        let debug = diesel::debug_query::<Pg, _>(&query);
        assert!(debug.to_string().contains("Alice"), "the values are there to be found");
        let text = text(&debug);
        assert_eq!(text, r#"SELECT "accounts"."id" FROM "accounts" WHERE ("accounts"."name" = $1)"#);
    }

    #[test]
    fn a_summary_names_operation_and_table() {
        for (text, expected) in [
            (r#"SELECT "a"."id" FROM "a" WHERE ("a"."id" = $1) FOR UPDATE"#, "SELECT a"),
            (r#"SELECT "a"."id" FROM ("a" INNER JOIN "b" ON ..)"#, "SELECT"),
            (r#"INSERT INTO "a" ("id") VALUES ($1)"#, "INSERT a"),
            (r#"UPDATE "a" SET "x" = $1"#, "UPDATE a"),
            (r#"DELETE  FROM "a" WHERE .."#, "DELETE a"),
            ("BEGIN", "BEGIN"),
            ("COMMIT;", "COMMIT"),
            ("", "SQL"),
        ] {
            assert_eq!(summary(text), expected, "{text}");
        }
    }
}
