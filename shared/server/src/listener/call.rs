//! Serves one call of an HTTP/2 connection: from its head to the last byte of its answer.

use std::convert::Infallible;
use std::error::Error as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use orchard_rpc::Deadline;
use tokio::time::{sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::peers::Peer;

/// The service that calls are passed to.
pub(super) type Service = TowerToHyperService<axum::Router>;

/// The time after its deadline in which an answer may still be sent: the status that says so.
pub(super) const GRACE: Duration = Duration::from_millis(100);
/// The time that a caller has to read on, once the service stops.
const STALL: Duration = Duration::from_secs(1);

/// Serves a call. A caller who hangs up ends it, and so does one who does not read the answer by the deadline: what is left of the
/// stream is reset with CANCEL when it is dropped, which clients count against nobody.
pub(super) async fn serve_call(
    service: Service,
    peer: Arc<Peer>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    stop: CancellationToken,
) {
    let mut request = request.map(|stream| Body::new(Arriving(stream)));
    request.extensions_mut().insert(peer);
    let answered: Result<_, Infallible> = tokio::select! {
        biased;
        // Checked first: a request that its caller has cut off is not one that the service refuses.
        _gone = poll_fn(|context| respond.poll_reset(context)) => return,
        answered = service.call(request) => answered,
    };
    let Ok(answer) = answered;
    let deadline = answer.extensions().get::<Deadline>().copied();
    let sending = send(&mut respond, answer, &stop);
    let sent = match deadline {
        Some(deadline) => timeout_at(deadline.instant() + GRACE, sending).await.unwrap_or(Ok(())),
        None => sending.await,
    };
    if let Err(error) = sent {
        tracing::debug!(%error, "an answer was not sent");
    }
}

async fn send(respond: &mut SendResponse<Bytes>, answer: Response<Body>, stop: &CancellationToken) -> Result<(), h2::Error> {
    use http_body::Body as _;

    let (head, mut body) = answer.into_parts();
    let is_whole = body.is_end_stream();
    let mut stream = respond.send_response(Response::from_parts(head, ()), is_whole)?;
    if is_whole {
        return Ok(());
    }
    loop {
        let frame = tokio::select! {
            biased;
            _gone = poll_fn(|context| stream.poll_reset(context)) => return Ok(()),
            frame = body.frame() => frame,
        };
        match frame.map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(data))) => {
                let is_last = body.is_end_stream();
                send_data(&mut stream, data, is_last, stop).await?;
                if is_last {
                    return Ok(());
                }
            }
            Some(Ok(Err(frame))) => match frame.into_trailers() {
                Ok(trailers) => return stream.send_trailers(trailers),
                Err(_unknown) => {}
            },
            Some(Err(error)) => {
                stream.send_reset(reason(&error));
                return Ok(());
            }
            None => return stream.send_data(Bytes::new(), true),
        }
    }
}

/// Sends data as the caller makes room for it, so that nothing of a call waits in the connection once its place is given back.
async fn send_data(
    stream: &mut SendStream<Bytes>,
    mut data: Bytes,
    is_last: bool,
    stop: &CancellationToken,
) -> Result<(), h2::Error> {
    if data.is_empty() {
        return stream.send_data(data, is_last);
    }
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let room = match stream.capacity() {
            0 => tokio::select! {
                biased;
                room = room(stream) => room?,
                () = stalled(stop) => return Err(Reason::CANCEL.into()),
            },
            room => room,
        };
        let part = data.split_to(room.min(data.len()));
        if !part.is_empty() {
            stream.send_data(part, is_last && data.is_empty())?;
        }
    }
    Ok(())
}

/// Waits until the caller makes room for data, or hangs up.
async fn room(stream: &mut SendStream<Bytes>) -> Result<usize, h2::Error> {
    poll_fn(|context| {
        if let Poll::Ready(gone) = stream.poll_reset(context) {
            return Poll::Ready(Err(gone.map_or_else(|error| error, h2::Error::from)));
        }
        stream.poll_capacity(context).map(|room| room.unwrap_or(Err(Reason::CANCEL.into())))
    })
    .await
}

/// Ends when a drain has waited long enough for somebody who does not read.
async fn stalled(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(STALL).await;
}

/// Returns why a stream ends whose answer broke off: what a peer behind it said, or that this service is at fault.
fn reason(error: &axum::Error) -> Reason {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(reason) = error.downcast_ref::<h2::Error>().and_then(h2::Error::reason) {
            return reason;
        }
        cause = error.source();
    }
    Reason::INTERNAL_ERROR
}

/// The body of a request.
struct Arriving(RecvStream);

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        match ready!(self.0.poll_data(context)) {
            Some(Ok(data)) => {
                let _ = self.0.flow_control().release_capacity(data.len());
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => {
                self.0.poll_trailers(context).map(|trailers| trailers.map(|trailers| trailers.map(Frame::trailers)).transpose())
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}
