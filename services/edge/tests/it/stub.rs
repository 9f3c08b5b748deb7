//! A slice that answers whatever its test says, over HTTP/2.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use orchard_rpc::status::trailers;
use orchard_testkit::raw::frame;
use orchard_testkit::service::free_address;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tonic::Status;

/// What is wrong with a slice.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Its process is gone: connections end, and new ones are refused.
    Killed,
    /// Its process is stopped: the machine takes connections and bytes, and nobody reads them.
    Stopped,
    /// It answers after this time.
    Slow(Duration),
    /// It refuses each call with this status.
    Refusing(fn() -> Status),
    /// What answers does not speak HTTP/2.
    Garbage,
    /// What answers is no gRPC: this HTTP status.
    Http(u16),
    /// Its answers are no messages of the methods.
    Undecodable,
    /// Its answers are larger than clients accept.
    Oversized,
    /// Its answers break off.
    Broken,
    /// Its answers have one message and no end.
    Endless,
}

/// A call that a slice got.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service and the method, without the package.
    pub method: String,
    pub request: Vec<u8>,
    pub headers: HeaderMap,
    pub begun: Instant,
    pub ended: Instant,
}

/// Answers a method: bytes of the request to bytes of the response, or a refusal.
pub type Answer = Arc<dyn Fn(&[u8]) -> Result<Vec<u8>, Status> + Send + Sync>;

/// The answers of a slice, by service and method.
pub type Answers = HashMap<&'static str, Answer>;

struct State {
    answers: Mutex<Answers>,
    fault: watch::Sender<Option<Fault>>,
    calls: Arc<Mutex<Vec<Call>>>,
    delay: Duration,
}

/// A slice. It takes connections until it is dropped or killed.
pub struct Stub {
    pub address: SocketAddr,
    state: Arc<State>,
    task: JoinSet<()>,
}

impl Stub {
    /// Starts a slice that answers each call after `delay`, and notes it in `calls`.
    pub async fn start(answers: Answers, calls: Arc<Mutex<Vec<Call>>>, delay: Duration) -> anyhow::Result<Self> {
        let state = State { answers: Mutex::new(answers), fault: watch::Sender::new(None), calls, delay };
        let mut stub = Self { address: free_address(), state: Arc::new(state), task: JoinSet::new() };
        stub.listen().await?;
        Ok(stub)
    }

    async fn listen(&mut self) -> anyhow::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        let state = Arc::clone(&self.state);
        self.task = JoinSet::new();
        self.task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                connections.spawn(async move { serve(tcp, &state).await });
            }
        });
        Ok(())
    }

    /// From now on something is wrong with it.
    pub async fn fail(&mut self, fault: Fault) {
        self.state.fault.send_replace(Some(fault));
        if let Fault::Killed = fault {
            self.task.shutdown().await;
        }
    }

    /// From now on it is well.
    pub async fn heal(&mut self) -> anyhow::Result<()> {
        let before = self.state.fault.send_replace(None);
        if let Some(Fault::Killed) = before { self.listen().await } else { Ok(()) }
    }

    /// Changes how it answers a method.
    pub fn answer(&self, method: &'static str, answer: Answer) {
        self.state.answers.lock().expect("answers").insert(method, answer);
    }
}

async fn serve(mut tcp: TcpStream, state: &State) -> Option<()> {
    let mut fault = state.fault.subscribe();
    let is_garbage = matches!(*fault.borrow(), Some(Fault::Garbage));
    if is_garbage {
        return tcp.write_all(b"220 mail.example.org ESMTP\r\n").await.ok();
    }
    fault.wait_for(|fault| !matches!(fault, Some(Fault::Stopped))).await.ok()?;
    let mut connection = h2::server::handshake(tcp).await.ok()?;
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let (request, respond) = accepted?.ok()?;
                let (answers, fault) = (state.answers.lock().expect("answers").clone(), *state.fault.borrow());
                calls.spawn(respond_to(request, respond, answers, fault, (Arc::clone(&state.calls), state.delay)));
            }
            changed = fault.changed() => {
                changed.ok()?;
                if matches!(*fault.borrow(), Some(Fault::Garbage)) {
                    return None;
                }
                // A stopped process reads nothing from its connections either.
                fault.wait_for(|fault| !matches!(fault, Some(Fault::Stopped))).await.ok()?;
            }
            Some(_ended) = calls.join_next() => {}
        }
    }
}

async fn respond_to(
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    answers: Answers,
    fault: Option<Fault>,
    (calls, delay): (Arc<Mutex<Vec<Call>>>, Duration),
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let (head, body) = request.into_parts();
    let request = message(body).await?;
    let method = head.uri.path().rsplit_once('.').map(|(_, method)| method.to_owned()).context("a package")?;
    sleep(if let Some(Fault::Slow(delay)) = fault { delay } else { delay }).await;
    let answer = match fault {
        Some(Fault::Refusing(status)) => Err(status()),
        _ => match answers.get(method.as_str()) {
            Some(answer) => answer(&request),
            None => Err(Status::unimplemented(format!("no answer to {method}"))),
        },
    };
    calls.lock().expect("calls").push(Call { method, request, headers: head.headers, begun, ended: Instant::now() });
    if let Some(_endless) = send(respond, answer, fault)? {
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// Sends an answer, and returns one that goes on.
fn send(
    mut respond: SendResponse<Bytes>,
    answer: Result<Vec<u8>, Status>,
    fault: Option<Fault>,
) -> anyhow::Result<Option<SendStream<Bytes>>> {
    let head = Response::builder().header("content-type", "application/grpc");
    let bytes = match (answer, fault) {
        (_, Some(Fault::Http(status))) => {
            respond.send_response(Response::builder().status(status).body(())?, true)?;
            return Ok(None);
        }
        (Err(status), _) => {
            let mut refusal = head.body(())?;
            refusal.headers_mut().extend(trailers(&status));
            respond.send_response(refusal, true)?;
            return Ok(None);
        }
        (Ok(_), Some(Fault::Undecodable)) => vec![0xff; 9],
        (Ok(_), Some(Fault::Oversized)) => vec![0; 5 << 20],
        (Ok(bytes), _) => bytes,
    };
    let mut body = respond.send_response(head.body(())?, false)?;
    let framed = frame(0, bytes.len(), &bytes);
    if let Some(Fault::Broken) = fault {
        body.send_data(framed.slice(..3), false)?;
        body.send_reset(Reason::INTERNAL_ERROR);
        return Ok(None);
    }
    body.send_data(framed, false)?;
    if let Some(Fault::Endless) = fault {
        return Ok(Some(body));
    }
    body.send_trailers(trailers(&Status::ok("")))?;
    Ok(None)
}

/// Reads the one message of a request.
async fn message(mut body: RecvStream) -> anyhow::Result<Vec<u8>> {
    let mut read = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        read.extend_from_slice(&data);
    }
    Ok(read.get(5..).context("a frame")?.to_vec())
}
