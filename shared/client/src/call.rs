//! One call: its attempts, until an answer or the deadline.

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
use crate::deadline::Until;
use crate::methods::{Method, Shape};
use crate::observe::Observation;
use crate::replica::InFlight;
use crate::retry::{self, Ended};

const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";
/// An attempt that had less time than this and was late says something of its caller, not of the upstream.
const FAIR: Duration = Duration::from_millis(500);

/// A call under way.
pub(crate) struct Call {
    pub(crate) callee: Arc<Callee>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) until: Until,
}

/// What an attempt led to.
type Outcome = Result<Response<Answer>, Missing>;

/// Why an attempt led to no answer.
enum Missing {
    Failed(Failure),
    Late,
}

/// What is sent: what is to be sent again must be whole.
enum Payload {
    Whole(Bytes),
    Passing(Option<Body>),
}

impl Payload {
    fn next(&mut self) -> Body {
        match self {
            Self::Whole(bytes) => Body::new(Full::new(bytes.clone())),
            Self::Passing(body) => body.take().unwrap_or_default(),
        }
    }
}

impl Call {
    /// Does it. A refusal is an answer as well.
    pub(crate) async fn run(self, body: Body, mut observation: Observation) -> Response<Answer> {
        let answered = match self.payload(body).await {
            Ok(payload) => self.insist(payload, &mut observation).await,
            Err(status) => Err(status),
        };
        let answer = answered.unwrap_or_else(Status::into_http);
        observation.answered(&answer);
        answer
    }

    async fn payload(&self, body: Body) -> Result<Payload, Status> {
        if self.method.shape == Shape::ClientStream {
            return Ok(Payload::Passing(Some(body)));
        }
        let limit = self.callee.max_request_bytes;
        match timeout_at(self.until.instant, Limited::new(body, limit).collect()).await {
            Ok(Ok(collected)) => Ok(Payload::Whole(collected.to_bytes())),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(self.callee.refusals.too_large(limit)),
            Ok(Err(_broken_off)) => Err(self.callee.refusals.unreadable()),
            Err(_late) => Err(self.callee.refusals.late()),
        }
    }

    async fn insist(&self, mut payload: Payload, observation: &mut Observation) -> Result<Response<Answer>, Status> {
        self.callee.budget.deposit();
        let mut tried = Vec::new();
        let mut last = None;
        for attempts in 1.. {
            if self.until.left().is_zero() {
                return self.conclude(last.unwrap_or(Err(Missing::Late)));
            }
            let permit = match self.callee.breaker.admit() {
                Ok(permit) => permit,
                Err(rest) => {
                    return last.map_or_else(|| Err(self.callee.refusals.left_alone(rest)), |last| self.conclude(last));
                }
            };
            let begun = Instant::now();
            observation.attempt();
            let attempt = self.attempt(attempts - 1, payload.next(), &mut tried);
            let outcome = match timeout_at(self.until.instant, attempt).await {
                Ok(answered) => answered.map_err(Missing::Failed),
                Err(_late) => Err(Missing::Late),
            };
            let refusal = outcome.as_ref().ok().and_then(refusal);
            permit.report(self.health(&outcome, refusal.as_ref(), begun.elapsed()));
            let ended = ended(&outcome, refusal.as_ref(), &payload);
            let wait = retry::next(ended, self.method, attempts, self.until.left(), fastrand::f64());
            let Some(wait) = wait.filter(|_| !ended.costs() || self.callee.budget.withdraw()) else {
                return self.conclude(outcome);
            };
            tracing::debug!(upstream = self.callee.name, ?ended, attempts, ?wait, "again");
            observation.again(self.callee.name, ended);
            sleep(wait).await;
            last = Some(outcome);
        }
        Err(self.callee.refusals.late())
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
            request.headers_mut().insert(timeout::GRPC_TIMEOUT, timeout::encode(self.until.left()));
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
        let until = self.is_bounded().then_some(self.until.instant);
        let mut answer = Answer::coming(response, until, connection.clone(), in_flight, self.callee.refusals.clone())?;
        if self.method.shape == Shape::Unary {
            answer.body_mut().read_ahead().await?;
        }
        Ok(answer)
    }

    /// Streams that nobody has given a deadline may be meant to last: only their beginning has one.
    fn is_bounded(&self) -> bool {
        self.until.asked || self.method.shape == Shape::Unary
    }

    fn health(&self, outcome: &Outcome, refusal: Option<&Status>, took: Duration) -> Health {
        let late = || if took >= FAIR { Health::Bad } else { Health::Unknown };
        match outcome {
            Ok(_answer) => match refusal.map(Status::code) {
                Some(Code::Unavailable) if Ended::with(refusal) == Ended::Unavailable => Health::Bad,
                Some(Code::DeadlineExceeded) => late(),
                _ => Health::Good,
            },
            Err(Missing::Failed(Failure::NotTaken(_))) => Health::Unknown,
            Err(Missing::Failed(Failure::Reset(_))) => Health::Bad,
            // That replica rests, and the others are not worse for it.
            Err(Missing::Failed(_)) if self.callee.balancer.any_awake() => Health::Unknown,
            Err(Missing::Failed(_)) => Health::Bad,
            Err(Missing::Late) => late(),
        }
    }

    fn conclude(&self, outcome: Outcome) -> Result<Response<Answer>, Status> {
        outcome.map_err(|missing| match missing {
            Missing::Failed(failure) => self.callee.refusals.unavailable(failure),
            Missing::Late => self.callee.refusals.late(),
        })
    }
}

fn ended(outcome: &Outcome, refusal: Option<&Status>, payload: &Payload) -> Ended {
    match outcome {
        // What has passed cannot be sent again.
        _ if matches!(payload, Payload::Passing(_)) => Ended::Finally,
        Ok(_answer) => Ended::with(refusal),
        Err(Missing::Failed(failure)) if failure.is_unsent() => Ended::Unsent,
        Err(Missing::Failed(_)) => Ended::Broken,
        Err(Missing::Late) => Ended::Finally,
    }
}
