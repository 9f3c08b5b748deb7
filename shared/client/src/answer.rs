//! Answers as they are handed on: always with a status, whatever happens on the way.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Code, Status};

use crate::connection::{Connection, Failure};
use crate::refusals::Refusals;
use crate::replica::InFlight;

const STATUS: &str = "grpc-status";
/// Longest answer that is held back until it is whole; what is longer is passed on as it comes.
const HELD_BACK: usize = 4 * 1024 * 1024;

/// The body of an answer.
#[derive(Debug, Default)]
pub struct Answer {
    ahead: VecDeque<Frame<Bytes>>,
    rest: Option<Rest>,
}

/// What has not been read yet.
#[derive(Debug)]
struct Rest {
    body: Incoming,
    has_status: bool,
    deadline: Option<Pin<Box<Sleep>>>,
    connection: Connection,
    in_flight: InFlight,
    refusals: Refusals,
}

impl Answer {
    /// An answer that is still to come in, at the latest by `until`.
    pub(crate) fn coming(
        response: Response<Incoming>,
        until: Option<Instant>,
        connection: Connection,
        in_flight: InFlight,
        refusals: Refusals,
    ) -> Result<Response<Self>, Failure> {
        if response.status() != http::StatusCode::OK {
            return Err(Failure::Reset(format!("HTTP status {}", response.status())));
        }
        let has_status = response.headers().contains_key(STATUS);
        let deadline = until.map(|until| Box::pin(sleep_until(until)));
        Ok(response.map(|body| {
            let rest = (!body.is_end_stream()).then(|| Rest { body, has_status, deadline, connection, in_flight, refusals });
            Self { ahead: VecDeque::new(), rest }
        }))
    }

    /// Reads it to its end, so that nobody sees half of it if it breaks.
    pub(crate) async fn read_ahead(&mut self) -> Result<(), Failure> {
        let mut held = 0;
        while let Some(rest) = &mut self.rest {
            match rest.body.frame().await {
                Some(Ok(frame)) => {
                    held += frame.data_ref().map_or(0, Bytes::len);
                    rest.has_status |= has_status(&frame);
                    self.ahead.push_back(frame);
                    if held > HELD_BACK {
                        return Ok(());
                    }
                }
                Some(Err(error)) => return Err(Failure::from(&error)),
                None if rest.has_status => self.rest = None,
                None => return Err(Failure::Reset("the answer has no status".to_owned())),
            }
        }
        Ok(())
    }

    fn trailers(&self) -> Option<&HeaderMap> {
        self.ahead.back()?.trailers_ref()
    }
}

fn has_status(frame: &Frame<Bytes>) -> bool {
    frame.trailers_ref().is_some_and(|trailers| trailers.contains_key(STATUS))
}

/// The code of an answer, as far as is known.
pub(crate) fn code(response: &Response<Answer>) -> Option<Code> {
    let of = |headers: &HeaderMap| Some(Code::from_bytes(headers.get(STATUS)?.as_bytes()));
    of(response.headers()).or_else(|| of(response.body().trailers()?))
}

/// How a call was refused, as far as is known: an answer that still comes in is taken for a good one.
pub(crate) fn refusal(response: &Response<Answer>) -> Option<Status> {
    let of = |headers: &HeaderMap| match headers.get(STATUS)?.as_bytes() {
        b"0" => None,
        _ => Status::from_header_map(headers),
    };
    of(response.headers()).or_else(|| of(response.body().trailers()?)).filter(|status| status.code() != Code::Ok)
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(frame) = self.ahead.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let last = match Pin::new(&mut rest.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                rest.has_status |= has_status(&frame);
                return Poll::Ready(Some(Ok(frame)));
            }
            Poll::Ready(Some(Err(error))) => Some(rest.broken(&Failure::from(&error))),
            Poll::Ready(None) if rest.has_status => None,
            Poll::Ready(None) => Some(rest.broken(&Failure::Reset("the answer has no status".to_owned()))),
            Poll::Pending => match rest.deadline.as_mut().map(|deadline| deadline.as_mut().poll(context)) {
                Some(Poll::Ready(())) => Some(rest.refusals.late()),
                Some(Poll::Pending) | None => return Poll::Pending,
            },
        };
        self.rest = None;
        Poll::Ready(last.map(|status| Ok(Frame::trailers(trailers(&status)))))
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Rest {
    fn broken(&self, failure: &Failure) -> Status {
        self.in_flight.replica().failed(&self.connection, failure);
        self.refusals.unavailable(failure)
    }
}

fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // Only a message that no header can carry is refused, and ours are plain.
    if status.add_header(&mut trailers).is_err() {
        trailers.insert(STATUS, http::HeaderValue::from(i32::from(status.code())));
    }
    trailers
}
