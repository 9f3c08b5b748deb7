//! The bodies of answers, which always end with a status, even if the connection breaks.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use orchard_rpc::status::{self, Unreadable, trailers};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Code, Status};

use crate::attempt::InFlight;
use crate::connection::{Failure, Seat};
use crate::health::Health;
use crate::refusals::Refusals;

/// The longest answer that is buffered until it is complete. Longer ones are passed on as they arrive.
const MAX_BUFFERED: usize = 4 * 1024 * 1024;

const NO_STATUS: Failure = Failure::Unreadable("it has no status");

/// The body of an answer.
#[derive(Debug, Default)]
pub struct Answer {
    ahead: VecDeque<Frame<Bytes>>,
    unread: Option<Unread>,
}

/// The part of an answer that has not been read yet.
#[derive(Debug)]
struct Unread {
    body: Incoming,
    /// The code, once the answer has told it.
    code: Option<Code>,
    deadline: Option<Pin<Box<Sleep>>>,
    seat: Seat,
    in_flight: InFlight,
    refusals: Refusals,
}

/// Why there is no answer, and what that tells of the replica.
pub(crate) type Failed = (Failure, Health);

impl Answer {
    /// Begins to receive an answer, which must be complete by `until`.
    pub(crate) fn begin(
        mut response: Response<Incoming>,
        until: Option<Instant>,
        seat: Seat,
        in_flight: InFlight,
        refusals: Refusals,
    ) -> Result<Response<Self>, Failure> {
        let code = read_code(response.headers())?;
        if code.is_none() {
            if response.status() != StatusCode::OK {
                return Err(Failure::Http(response.status()));
            }
            if !is_grpc(response.headers()) {
                return Err(Failure::Unreadable("its content type is not that of gRPC"));
            }
            if response.body().is_end_stream() {
                return Err(NO_STATUS);
            }
        }
        *response.status_mut() = StatusCode::OK;
        let deadline = until.map(|until| Box::pin(sleep_until(until)));
        Ok(response.map(|body| {
            let unread = (!body.is_end_stream()).then(|| Unread { body, code, deadline, seat, in_flight, refusals });
            Self { ahead: VecDeque::new(), unread }
        }))
    }

    /// Reads the answer to its end, so that the caller never sees half of a broken one.
    pub(crate) async fn read_ahead(&mut self) -> Result<(), Failed> {
        let Some(unread) = &mut self.unread else { return Ok(()) };
        let mut buffered = 0;
        let is_whole = loop {
            let frame = match unread.body.frame().await {
                Some(frame) => unread.check(frame).map_err(|failure| unread.failed(failure))?,
                None => break true,
            };
            buffered += frame.data_ref().map_or(0, Bytes::len);
            self.ahead.push_back(frame);
            if buffered > MAX_BUFFERED {
                break false;
            }
        };
        if is_whole {
            match unread.code {
                None => return Err(unread.failed(NO_STATUS)),
                Some(Code::Ok) if !is_one_message(&self.ahead, buffered) => {
                    return Err(unread.failed(Failure::Unreadable("it is not one message")));
                }
                Some(_) => self.unread = None,
            }
        }
        Ok(())
    }

    fn trailers(&self) -> Option<&HeaderMap> {
        self.ahead.back()?.trailers_ref()
    }
}

/// Returns the code in headers or trailers; `None` if they have none.
fn read_code(headers: &HeaderMap) -> Result<Option<Code>, Failure> {
    match status::read(headers) {
        Ok(status) => Ok(status.map(|status| status.code())),
        Err(Unreadable) => Err(Failure::Unreadable("its status")),
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// Returns whether frames with so many bytes hold one message: a flag, the length, and as many bytes.
fn is_one_message(frames: &VecDeque<Frame<Bytes>>, bytes: usize) -> bool {
    let mut data = frames.iter().filter_map(Frame::data_ref).flatten();
    let mut next = || data.next().copied().unwrap_or_default();
    let (flag, length) = (next(), u32::from_be_bytes([next(), next(), next(), next()]));
    flag <= 1 && usize::try_from(length).is_ok_and(|length| bytes == 5 + length)
}

/// Returns the code of an answer; `None` while the answer is still arriving.
pub(crate) fn code(response: &Response<Answer>) -> Option<Code> {
    status::code(response.headers()).or_else(|| status::code(response.body().trailers()?))
}

/// Returns the status of a refusal; `None` for a good answer, and while the answer is still arriving.
pub(crate) fn refusal(response: &Response<Answer>) -> Option<Status> {
    let of = |headers: &HeaderMap| status::read(headers).ok().flatten();
    of(response.headers()).or_else(|| of(response.body().trailers()?)).filter(|status| status.code() != Code::Ok)
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(frame) = self.ahead.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(unread) = &mut self.unread else { return Poll::Ready(None) };
        let last = match Pin::new(&mut unread.body).poll_frame(context) {
            Poll::Ready(Some(frame)) => match unread.check(frame) {
                Ok(frame) => return Poll::Ready(Some(Ok(frame))),
                Err(failure) => Some(unread.broken(failure)),
            },
            Poll::Ready(None) if unread.code.is_some() => None,
            Poll::Ready(None) => Some(unread.broken(NO_STATUS)),
            Poll::Pending => match unread.deadline.as_mut().map(|deadline| deadline.as_mut().poll(context)) {
                Some(Poll::Ready(())) => Some(unread.refusals.late()),
                Some(Poll::Pending) | None => return Poll::Pending,
            },
        };
        self.unread = None;
        Poll::Ready(last.map(|status| Ok(Frame::trailers(trailers(&status)))))
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.unread.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Unread {
    /// Notes the status that a frame carries, which must be one that can be read.
    fn check(&mut self, frame: Result<Frame<Bytes>, hyper::Error>) -> Result<Frame<Bytes>, Failure> {
        let frame = frame.map_err(|error| Failure::from(&error))?;
        if let Some(trailers) = frame.trailers_ref() {
            self.code = read_code(trailers)?.or(self.code);
        }
        Ok(frame)
    }

    fn failed(&self, failure: Failure) -> Failed {
        let health = self.in_flight.replica().failed(&self.seat, &failure);
        (failure, health)
    }

    fn broken(&self, failure: Failure) -> Status {
        self.refusals.failed(&self.failed(failure).0)
    }
}
