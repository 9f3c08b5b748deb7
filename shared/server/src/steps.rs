//! The steps that each call takes to its handler, and its answer on the way back.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio_util::task::TaskTracker;

use crate::deadline::Deadlines;
use crate::guard::Guard;
use crate::rates::Rates;
use crate::shed::Capacity;
use crate::telemetry::call::Methods;
use crate::{calls, deadline, errors, framing, guard, rates, shed, telemetry};

/// The state of each step.
pub(crate) struct Steps {
    pub(crate) calls: TaskTracker,
    pub(crate) methods: Methods,
    pub(crate) domain: Arc<str>,
    /// Only a front door has them.
    pub(crate) rates: Option<Arc<Rates>>,
    pub(crate) deadlines: Deadlines,
    pub(crate) guard: Guard,
    pub(crate) capacity: Capacity,
}

/// Takes a call through the steps. The last line of code sees the call first and its answer last.
///
/// This is one layer because each layer clones and boxes everything below it for each call.
pub(crate) async fn through(State(steps): State<Arc<Steps>>, request: Request, next: Next) -> Response {
    // Inside the guard: only authenticated callers whose request has arrived take up capacity.
    let shed = async |request| shed::shed(&steps.capacity, request, async |request| next.run(request).await).await;
    let rates = steps.rates.as_deref();
    let of_caller = async |request| rates::by_caller(rates, request, shed).await;
    let guard = async |request| guard::guard(&steps.guard, request, of_caller).await;
    let timed = async |request| deadline::keep(&steps.deadlines, request, guard).await;
    // Outside the guard: guesses of tokens count, and cost no look at a token once there are too many.
    let of_address = async |request| rates::by_address(rates, request, timed).await;
    // Inside telemetry, so that a panic is logged within its call's span.
    let caught = async |request| errors::catch_panics(&steps.domain, request, of_address).await;
    let framed = async |request: Request| match framing::refuse(&steps.domain, &request) {
        Some(refused) => refused,
        None => caught(request).await,
    };
    let observed = async |request| telemetry::call::observe(&steps.methods, request, framed).await;
    // A call is open until its last byte is handed over, and a drain waits for it.
    calls::count(&steps.calls, request, observed).await
}
