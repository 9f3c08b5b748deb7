//! How long calls take, by OpenTelemetry's semantic conventions for RPC (1.45).

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Histogram, Label, SharedString};
use tonic::Code;

/// Codes that there are.
const CODES: usize = 17;

/// Durations of the calls of one method, by how they ended. Each handle is looked up once.
#[derive(Debug)]
pub struct Durations {
    metric: &'static str,
    labels: Vec<Label>,
    fails: fn(Code) -> bool,
    by_code: [OnceLock<Histogram>; CODES],
}

impl Durations {
    /// Of `method`, such as `orchard.family.v1.WalletService/Spend`. `fails` says which codes count as errors.
    pub fn new(metric: &'static str, method: &str, fails: fn(Code) -> bool) -> Self {
        let labels = vec![Label::new("rpc_system_name", "grpc"), Label::new("rpc_method", method.to_owned())];
        Self { metric, labels, fails, by_code: Default::default() }
    }

    /// With one more label, of few values.
    #[must_use]
    pub fn with(mut self, label: &'static str, value: impl Into<SharedString>) -> Self {
        self.labels.push(Label::new(label, value));
        self
    }

    /// Counts a call.
    pub fn record(&self, code: Code, took: Duration) {
        let Some(histogram) = usize::try_from(i32::from(code)).ok().and_then(|code| self.by_code.get(code)) else { return };
        histogram.get_or_init(|| self.register(code)).record(took.as_secs_f64());
    }

    fn register(&self, code: Code) -> Histogram {
        let mut labels = self.labels.clone();
        labels.push(Label::new("rpc_response_status_code", code_name(code)));
        if (self.fails)(code) {
            labels.push(Label::new("error_type", code_name(code)));
        }
        metrics::histogram!(self.metric, labels)
    }
}

/// The name of a code, as the contract of gRPC spells it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
