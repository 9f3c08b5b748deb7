//! One call: attempts until there is an answer or the deadline passes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri, Version};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use orchard_rpc::timeout;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::retry::budget::Budget as _;

use crate::answer::{Answer, refusal};
use crate::breaker::Health;
use crate::callee::Callee;
use crate::connection::{Connection, Failure};
use crate::deadline::CallDeadline;
use crate::methods::{Method, Shape};
use crate::observe::ObservedCall;
use crate::replica::InFlight;
use crate::retry::{AttemptEnd, next_wait};

const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";
/// A late attempt that had less time than this tells nothing about the upstream's health.
const FAIR_TIME: Duration = Duration::from_millis(500);

/// A call in progress.
pub(crate) struct Call {
    pub(crate) callee: Arc<Callee>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) deadline: CallDeadline,
}

/// The result of an attempt.
type Attempted = Result<Response<Answer>, NoAnswer>;

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
            let permit = match callee.breaker.admit() {
                Ok(permit) => permit,
                Err(pause) => return last.map_or_else(|| Err(callee.refusals.circuit_open(pause)), |last| self.conclude(last)),
            };
            let begun = Instant::now();
            observed.begin_attempt();
            let attempt = self.attempt(attempts - 1, body.next(), &mut tried);
            let attempted = match timeout_at(self.deadline.instant, attempt).await {
                Ok(answered) => answered.map_err(NoAnswer::Failed),
                Err(_late) => Err(NoAnswer::Late),
            };
            let refusal = attempted.as_ref().ok().and_then(refusal);
            permit.report(self.health(&attempted, refusal.as_ref(), begun.elapsed()));
            let end = end(&attempted, refusal.as_ref(), &body);
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

    async fn attempt(&self, previous: u32, body: Body, tried: &mut Vec<SocketAddr>) -> Result<Response<Answer>, Failure> {
        let Some(in_flight) = self.callee.balancer.pick(tried).await else {
            return Err(Failure::Unreachable("no address is known".to_owned()));
        };
        let replica = Arc::clone(in_flight.replica());
        tried.push(replica.address());
        let mut connection = replica.connection().await?;
        let answered = match connection.send(self.request(previous, body)).await {
            Ok(response) => self.receive(response, &connection, in_flight).await,
            Err(failure) => Err(failure),
        };
        match &answered {
            Ok(_answer) => replica.answered(),
            Err(failure) => replica.failed(&connection, failure),
        }
        answered
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

    async fn receive(
        &self,
        response: Response<Incoming>,
        connection: &Connection,
        in_flight: InFlight,
    ) -> Result<Response<Answer>, Failure> {
        let until = self.is_bounded().then_some(self.deadline.instant);
        let mut answer = Answer::begin(response, until, connection.clone(), in_flight, self.callee.refusals.clone())?;
        if self.method.shape == Shape::Unary {
            answer.body_mut().read_ahead().await?;
        }
        Ok(answer)
    }

    /// Returns whether the whole call has a deadline. A stream without a requested one may last: only its beginning is bounded.
    fn is_bounded(&self) -> bool {
        self.deadline.is_requested || self.method.shape == Shape::Unary
    }

    fn health(&self, attempted: &Attempted, refusal: Option<&Status>, took: Duration) -> Health {
        let late = || if took >= FAIR_TIME { Health::Bad } else { Health::Unknown };
        match attempted {
            Ok(_answer) => match refusal.map(Status::code) {
                Some(Code::Unavailable) if AttemptEnd::answered(refusal) == AttemptEnd::Unavailable => Health::Bad,
                Some(Code::DeadlineExceeded) => late(),
                _ => Health::Good,
            },
            Err(NoAnswer::Failed(Failure::NotTaken(_))) => Health::Unknown,
            Err(NoAnswer::Failed(Failure::Reset(_))) => Health::Bad,
            // That replica is paused now, which tells nothing about the others.
            Err(NoAnswer::Failed(_)) if self.callee.balancer.any_available() => Health::Unknown,
            Err(NoAnswer::Failed(_)) => Health::Bad,
            Err(NoAnswer::Late) => late(),
        }
    }

    fn conclude(&self, attempted: Attempted) -> Result<Response<Answer>, Status> {
        attempted.map_err(|no_answer| match no_answer {
            NoAnswer::Failed(failure) => self.callee.refusals.unavailable(failure),
            NoAnswer::Late => self.callee.refusals.late(),
        })
    }
}

fn end(attempted: &Attempted, refusal: Option<&Status>, body: &RequestBody) -> AttemptEnd {
    match attempted {
        // A streamed body cannot be sent again.
        _ if matches!(body, RequestBody::Streaming(_)) => AttemptEnd::Final,
        Ok(_answer) => AttemptEnd::answered(refusal),
        Err(NoAnswer::Failed(failure)) if failure.is_unsent() => AttemptEnd::Unsent,
        Err(NoAnswer::Failed(_)) => AttemptEnd::Broken,
        Err(NoAnswer::Late) => AttemptEnd::Final,
    }
}
