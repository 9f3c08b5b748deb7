//! Log lines, each with the ids of its trace.

use std::fmt;
use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, format};
use tracing_subscriber::registry::LookupSpan;

use super::lines;

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Readable lines.
    Pretty,
    /// One JSON object per line.
    Json,
}

/// Returns a layer that writes log lines to stderr.
pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(form: LogFormat) -> Box<dyn Layer<S> + Send + Sync> {
    let coloured = std::io::stderr().is_terminal();
    // Applies to span fields, which are formatted apart from the rest of the line below.
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(coloured);
    match form {
        LogFormat::Pretty => {
            let inner = format().with_target(false).with_ansi(coloured);
            lines.event_format(Traced { inner, form }).boxed()
        }
        LogFormat::Json => {
            let inner = format().json().flatten_event(true).with_current_span(true).with_span_list(false);
            lines.event_format(Traced { inner, form }).fmt_fields(JsonFields::new()).boxed()
        }
    }
}

/// Keeps other crates' DEBUG lines out of the log, whatever the filter says: the database driver logs statement parameters, and HTTP/2
/// may log headers.
pub(super) fn without_details_of_others() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    filter_fn(|metadata| *metadata.level() <= Level::INFO || metadata.target().starts_with("orchard"))
}

/// Logs where a panic happened. Its message is not logged, because it may quote a request.
pub(super) fn panicked(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    if lines::admit(("", "panicked")) {
        tracing::error!(at, "panicked");
    }
}

/// A line format that appends the ids of the current span.
struct Traced<F> {
    inner: F,
    form: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        // Taken from OpenTelemetry's context, because the log filter may hide spans from this layer.
        let span = Context::map_current(|current| current.span().span_context().clone());
        if !span.is_valid() {
            return self.inner.format_event(context, writer, event);
        }
        let mut line = String::with_capacity(512);
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        let (trace, span) = (span.trace_id(), span.span_id());
        match (self.form, line.trim_end().strip_suffix('}')) {
            (LogFormat::Json, Some(open)) => writeln!(writer, r#"{open},"trace_id":"{trace}","span_id":"{span}"}}"#),
            _ => writeln!(writer, "{} trace_id={trace} span_id={span}", line.trim_end()),
        }
    }
}
