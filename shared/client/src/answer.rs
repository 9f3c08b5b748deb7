//! The bodies of answers, which always end with a status, even if the connection breaks.

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
use orchard_rpc::status::{self, trailers};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Code, Status};

use crate::connection::{Connection, Failure};
use crate::refusals::Refusals;
use crate::replica::InFlight;

/// The longest answer that is buffered until it is complete. Longer ones are passed on as they arrive.
const MAX_BUFFERED: usize = 4 * 1024 * 1024;

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
    has_status: bool,
    deadline: Option<Pin<Box<Sleep>>>,
    connection: Connection,
    in_flight: InFlight,
    refusals: Refusals,
}

impl Answer {
    /// Begins to receive an answer, which must be complete by `until`.
    pub(crate) fn begin(
        response: Response<Incoming>,
        until: Option<Instant>,
        connection: Connection,
        in_flight: InFlight,
        refusals: Refusals,
    ) -> Result<Response<Self>, Failure> {
        if response.status() != http::StatusCode::OK {
            return Err(Failure::Reset(format!("HTTP status {}", response.status())));
        }
        let has_status = status::code(response.headers()).is_some();
        let deadline = until.map(|until| Box::pin(sleep_until(until)));
        Ok(response.map(|body| {
            let unread = (!body.is_end_stream()).then(|| Unread { body, has_status, deadline, connection, in_flight, refusals });
            Self { ahead: VecDeque::new(), unread }
        }))
    }

    /// Reads the answer to its end, so that the caller never sees half of a broken one.
    pub(crate) async fn read_ahead(&mut self) -> Result<(), Failure> {
        let mut buffered = 0;
        while let Some(unread) = &mut self.unread {
            match unread.body.frame().await {
                Some(Ok(frame)) => {
                    buffered += frame.data_ref().map_or(0, Bytes::len);
                    unread.has_status |= has_status(&frame);
                    self.ahead.push_back(frame);
                    if buffered > MAX_BUFFERED {
                        return Ok(());
                    }
                }
                Some(Err(error)) => return Err(Failure::from(&error)),
                None if unread.has_status => self.unread = None,
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
    frame.trailers_ref().is_some_and(|trailers| status::code(trailers).is_some())
}

/// Returns the code of an answer; `None` while the answer is still arriving.
pub(crate) fn code(response: &Response<Answer>) -> Option<Code> {
    status::code(response.headers()).or_else(|| status::code(response.body().trailers()?))
}

/// Returns the status of a refusal; `None` for a good answer, and while the answer is still arriving.
pub(crate) fn refusal(response: &Response<Answer>) -> Option<Status> {
    let of = |headers: &HeaderMap| match status::code(headers)? {
        Code::Ok => None,
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
        let Some(unread) = &mut self.unread else { return Poll::Ready(None) };
        let last = match Pin::new(&mut unread.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                unread.has_status |= has_status(&frame);
                return Poll::Ready(Some(Ok(frame)));
            }
            Poll::Ready(Some(Err(error))) => Some(unread.broken(&Failure::from(&error))),
            Poll::Ready(None) if unread.has_status => None,
            Poll::Ready(None) => Some(unread.broken(&Failure::Reset("the answer has no status".to_owned()))),
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
    fn broken(&self, failure: &Failure) -> Status {
        self.in_flight.replica().failed(&self.connection, failure);
        self.refusals.unavailable(failure)
    }
}
