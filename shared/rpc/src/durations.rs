//! Durations of calls, after OpenTelemetry's semantic conventions for RPC (1.45).

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics::{Histogram, Label, SharedString};
use tonic::Code;

use crate::status::code_name;

/// The number of gRPC status codes.
const CODES: usize = 17;
/// The conventions' name for methods that no contract has. Their paths are callers' inventions and are recorded nowhere.
const OTHER: &str = "_OTHER";

/// A value for each method of the contracts, and one for all other methods.
#[derive(Debug)]
pub struct ByMethod<T> {
    by_path: HashMap<String, Arc<T>>,
    other: Arc<T>,
}

impl<T> ByMethod<T> {
    /// Makes the values. `make` receives each method's name, such as `orchard.family.v1.WalletService/Spend`.
    pub fn new<'a>(paths: impl Iterator<Item = &'a str>, make: impl Fn(&str) -> T) -> Self {
        let by_path = paths.map(|path| (path.to_owned(), Arc::new(make(path.trim_start_matches('/'))))).collect();
        Self { by_path, other: Arc::new(make(OTHER)) }
    }

    /// Returns the value of the method at `path`.
    pub fn at(&self, path: &str) -> &Arc<T> {
        self.by_path.get(path).unwrap_or(&self.other)
    }
}

/// Durations of one method's calls, by status code. Each histogram is looked up once.
#[derive(Debug)]
pub struct Durations {
    metric: &'static str,
    labels: Vec<Label>,
    is_error: fn(Code) -> bool,
    by_code: [OnceLock<Histogram>; CODES],
}

impl Durations {
    /// Returns the durations of `method`. `is_error` says which codes count as errors.
    pub fn new(metric: &'static str, method: &str, is_error: fn(Code) -> bool) -> Self {
        let labels = vec![Label::new("rpc_system_name", "grpc"), Label::new("rpc_method", method.to_owned())];
        Self { metric, labels, is_error, by_code: Default::default() }
    }

    /// Adds a label, which must have few values.
    #[must_use]
    pub fn with(mut self, label: &'static str, value: impl Into<SharedString>) -> Self {
        self.labels.push(Label::new(label, value));
        self
    }

    /// Records a call.
    pub fn record(&self, code: Code, took: Duration) {
        let Some(histogram) = usize::try_from(i32::from(code)).ok().and_then(|code| self.by_code.get(code)) else { return };
        histogram.get_or_init(|| self.register(code)).record(took.as_secs_f64());
    }

    fn register(&self, code: Code) -> Histogram {
        let mut labels = self.labels.clone();
        labels.push(Label::new("rpc_response_status_code", code_name(code)));
        if (self.is_error)(code) {
            labels.push(Label::new("error_type", code_name(code)));
        }
        metrics::histogram!(self.metric, labels)
    }
}
