//! A service that does what its test says, for tests of the ground that all services stand on.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use orchard_server::Server;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};

use pb::probe_service_server::{ProbeService, ProbeServiceServer};

/// The probe's contract.
#[expect(missing_docs, reason = "generated without documentation of its own")]
pub mod pb {
    tonic::include_proto!("orchard.probe.v1");
}

/// Calls at work at once, unless a test's options say.
const MAX_CALLS: usize = 64;
/// The encoded descriptor set of the probe's contract.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/probe.bin"));

/// What `Watch` answers with.
pub type Watched = BoxStream<'static, Result<String, Status>>;
type Call = Arc<dyn Fn(Request<String>) -> BoxFuture<'static, Result<String, Status>> + Send + Sync>;
type Watch = Arc<dyn Fn(Request<String>) -> BoxFuture<'static, Result<Watched, Status>> + Send + Sync>;

/// `orchard.probe.v1.ProbeService`, with behaviour that is given to it.
#[derive(Clone)]
pub struct Probe {
    call: Call,
    watch: Watch,
}

impl Probe {
    /// All methods answer as `call` does with the request's text, but for `Watch`, which answers with nothing.
    pub fn new<F>(call: impl Fn(Request<String>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, Status>> + Send + 'static,
    {
        let nothing = |_request| async { Ok::<Watched, _>(Box::pin(futures::stream::empty())) }.boxed();
        Self { call: Arc::new(move |request| call(request).boxed()), watch: Arc::new(nothing) }
    }

    /// The same, and `Watch` answers as `watch` does.
    #[must_use]
    pub fn watching<F>(mut self, watch: impl Fn(Request<String>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Watched, Status>> + Send + 'static,
    {
        self.watch = Arc::new(move |request| watch(request).boxed());
        self
    }

    /// The probe, put together and not yet listening.
    pub fn server(self) -> Server {
        let mut routes = RoutesBuilder::default();
        routes.add_service(ProbeServiceServer::new(self));
        Server {
            name: "probe",
            contracts: DESCRIPTORS,
            served: vec!["orchard.probe.v1"],
            front_door: false,
            routes,
            fallback: None,
            rates: None,
            web: None,
            gauges: Vec::new(),
            max_calls: MAX_CALLS,
            background: Vec::new(),
            readiness: Box::new(|| async { Ok(()) }.boxed()),
        }
    }
}

#[tonic::async_trait]
impl ProbeService for Probe {
    type WatchStream = BoxStream<'static, Result<pb::WatchResponse, Status>>;

    async fn read(&self, request: Request<pb::ReadRequest>) -> Result<Response<pb::ReadResponse>, Status> {
        let text = (self.call)(request.map(|request| request.text)).await?;
        Ok(Response::new(pb::ReadResponse { text }))
    }

    async fn write(&self, request: Request<pb::WriteRequest>) -> Result<Response<pb::WriteResponse>, Status> {
        let text = (self.call)(request.map(|request| request.text)).await?;
        Ok(Response::new(pb::WriteResponse { text }))
    }

    async fn greet(&self, request: Request<pb::GreetRequest>) -> Result<Response<pb::GreetResponse>, Status> {
        let text = (self.call)(request.map(|request| request.text)).await?;
        Ok(Response::new(pb::GreetResponse { text }))
    }

    async fn moderate(&self, request: Request<pb::ModerateRequest>) -> Result<Response<pb::ModerateResponse>, Status> {
        let text = (self.call)(request.map(|request| request.text)).await?;
        Ok(Response::new(pb::ModerateResponse { text }))
    }

    async fn operate(&self, request: Request<pb::OperateRequest>) -> Result<Response<pb::OperateResponse>, Status> {
        let text = (self.call)(request.map(|request| request.text)).await?;
        Ok(Response::new(pb::OperateResponse { text }))
    }

    async fn deliver(&self, request: Request<pb::DeliverRequest>) -> Result<Response<pb::DeliverResponse>, Status> {
        let text = (self.call)(request.map(|request| request.text)).await?;
        Ok(Response::new(pb::DeliverResponse { text }))
    }

    async fn watch(&self, request: Request<pb::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        use futures::StreamExt as _;

        let texts = (self.watch)(request.map(|request| request.text)).await?;
        Ok(Response::new(texts.map(|text| text.map(|text| pb::WatchResponse { text })).boxed()))
    }
}
