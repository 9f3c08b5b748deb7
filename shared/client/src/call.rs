//! One call: attempts until there is an answer or the deadline passes.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri, Version};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use orchard_rpc::{MAX_METADATA_BYTES, metadata_bytes, timeout};
use tokio::time::{sleep, timeout_at};
use tonic::Status;
use tonic::body::Body;
use tower::retry::budget::Budget as _;

use crate::answer::{Answer, Failed, refusal};
use crate::attempt::{Attempt, InFlight};
use crate::balance::NoReplica;
use crate::callee::Callee;
use crate::connection::Failure;
use crate::deadline::CallDeadline;
use crate::health::{self, Health};
use crate::methods::{Method, Shape};
use crate::observe::ObservedCall;
use crate::retry::{AttemptEnd, next_wait};

const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";

/// A call in progress.
pub(crate) struct Call {
    pub(crate) callee: Arc<Callee>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) deadline: CallDeadline,
}

/// The result of an attempt: an answer, with its status if that is a refusal.
type Attempted = Result<(Response<Answer>, Option<Status>), NoAnswer>;

/// Why an attempt has no answer.
enum NoAnswer {
    Failed(Failure),
    Late,
}

/// The body of a request. Only a buffered one can be sent again.
enum RequestBody {
    Buffered(Bytes),
    Streaming(Option<Body>),
}

impl RequestBody {
    fn next(&mut self) -> Body {
        match self {
            Self::Buffered(bytes) => Body::new(Full::new(bytes.clone())),
            Self::Streaming(body) => body.take().unwrap_or_default(),
        }
    }
}

impl Call {
    /// Makes the call. The answer may be a refusal.
    pub(crate) async fn run(self, body: Body, mut observed: ObservedCall) -> Response<Answer> {
        let answered = match self.buffer(body).await {
            Ok(body) => self.attempt_until_answered(body, &mut observed).await,
            Err(status) => Err(status),
        };
        let answer = answered.unwrap_or_else(Status::into_http);
        observed.answered(&answer);
        answer
    }

    async fn buffer(&self, body: Body) -> Result<RequestBody, Status> {
        // A replica would refuse it without a gRPC status.
        if metadata_bytes(&self.headers) > MAX_METADATA_BYTES {
            return Err(self.callee.refusals.metadata_too_large());
        }
        if self.method.shape == Shape::ClientStream {
            return Ok(RequestBody::Streaming(Some(body)));
        }
        let limit = self.callee.max_request_bytes;
        match timeout_at(self.deadline.instant, Limited::new(body, limit).collect()).await {
            Ok(Ok(collected)) => Ok(RequestBody::Buffered(collected.to_bytes())),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(self.callee.refusals.too_large(limit)),
            Ok(Err(_broken)) => Err(self.callee.refusals.broken_request()),
            Err(_late) => Err(self.callee.refusals.late()),
        }
    }

    async fn attempt_until_answered(
        &self,
        mut body: RequestBody,
        observed: &mut ObservedCall,
    ) -> Result<Response<Answer>, Status> {
        let callee = &self.callee;
        callee.budget.deposit();
        let mut tried = Vec::new();
        let mut last = None;
        for attempts in 1.. {
            if self.deadline.left().is_zero() {
                return self.conclude(last.unwrap_or(Err(NoAnswer::Late)));
            }
            let (in_flight, attempt) = match timeout_at(self.deadline.instant, callee.balancer.pick(&tried)).await {
                Ok(Ok(picked)) => picked,
                Ok(Err(NoReplica::Open(wait))) => {
                    return last.map_or_else(|| Err(callee.refusals.circuit_open(wait)), |last| self.conclude(last));
                }
                Ok(Err(NoReplica::Unknown)) => return Err(callee.refusals.unavailable("no address is known")),
                Err(_late) => return self.conclude(last.unwrap_or(Err(NoAnswer::Late))),
            };
            tried.push(in_flight.replica().address());
            observed.begin_attempt();
            let attempt = self.attempt(attempts - 1, body.next(), in_flight, attempt);
            let attempted = match timeout_at(self.deadline.instant, attempt).await {
                Ok(answered) => answered.map_err(NoAnswer::Failed),
                Err(_late) => Err(NoAnswer::Late),
            };
            let end = end(&attempted, &body);
            let wait = next_wait(end, self.method, attempts, self.deadline.left(), fastrand::f64());
            let Some(wait) = wait.filter(|_| !end.costs() || callee.budget.withdraw()) else {
                return self.conclude(attempted);
            };
            tracing::debug!(upstream = callee.name, ?end, attempts, ?wait, "retrying");
            observed.retry(callee.name, end);
            sleep(wait).await;
            last = Some(attempted);
        }
        Err(callee.refusals.late())
    }

    async fn attempt(
        &self,
        previous: u32,
        body: Body,
        in_flight: InFlight,
        attempt: Attempt,
    ) -> Result<(Response<Answer>, Option<Status>), Failure> {
        let replica = Arc::clone(in_flight.replica());
        match self.exchange(previous, body, in_flight).await {
            Ok(answer) => {
                let refusal = refusal(&answer);
                replica.answered();
                attempt.report(health::of_answer(refusal.as_ref()));
                Ok((answer, refusal))
            }
            Err((failure, health)) => {
                attempt.report(health);
                Err(failure)
            }
        }
    }

    async fn exchange(&self, previous: u32, body: Body, in_flight: InFlight) -> Result<Response<Answer>, Failed> {
        let replica = Arc::clone(in_flight.replica());
        // The replica has noted a connection that cannot be made.
        let mut seat = replica.seat(self.method.shape).await.map_err(|failure| (failure, Health::Unknown))?;
        let response = match seat.send(self.request(previous, body)).await {
            Ok(response) => response,
            Err(failure) => {
                let health = replica.failed(&seat, &failure);
                return Err((failure, health));
            }
        };
        let until = self.is_bounded().then_some(self.deadline.instant);
        let begun = Answer::begin(response, until, seat, in_flight, self.callee.refusals.clone());
        let mut answer = begun.map_err(|failure| {
            let health = health::of_failure(&failure);
            (failure, health)
        })?;
        if self.method.shape == Shape::Unary {
            answer.body_mut().read_ahead().await?;
        }
        Ok(answer)
    }

    fn request(&self, previous: u32, body: Body) -> Request<Body> {
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if self.is_bounded() {
            request.headers_mut().insert(timeout::GRPC_TIMEOUT, timeout::encode(self.deadline.left()));
        }
        if previous > 0 {
            request.headers_mut().insert(PREVIOUS_ATTEMPTS, previous.into());
        }
        request
    }

    /// Returns whether the whole call has a deadline. A stream without a requested one may last: only its beginning is bounded.
    fn is_bounded(&self) -> bool {
        self.deadline.is_requested || self.method.shape == Shape::Unary
    }

    fn conclude(&self, attempted: Attempted) -> Result<Response<Answer>, Status> {
        attempted.map(|(answer, _refusal)| answer).map_err(|no_answer| match no_answer {
            NoAnswer::Failed(failure) => self.callee.refusals.failed(&failure),
            NoAnswer::Late => self.callee.refusals.late(),
        })
    }
}

fn end(attempted: &Attempted, body: &RequestBody) -> AttemptEnd {
    match attempted {
        // A streamed body cannot be sent again.
        _ if matches!(body, RequestBody::Streaming(_)) => AttemptEnd::Final,
        Ok((_answer, refusal)) => AttemptEnd::answered(refusal.as_ref()),
        Err(NoAnswer::Failed(failure)) => AttemptEnd::failed(failure),
        Err(NoAnswer::Late) => AttemptEnd::Final,
    }
}
