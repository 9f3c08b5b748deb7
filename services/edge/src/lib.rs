//! The front door: routes calls to their slices and composes views across them.

mod api;
mod challenge_page;
mod dashboard;
mod discover;
mod export;
mod home;
mod page;
mod patience;
mod professional_page;
mod profile_page;
mod proxy;
mod recipe_page;
mod referral_overview;
mod section;
mod upstream;
mod view;

use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use clap::{Args, Subcommand};
use futures::FutureExt as _;
use orchard_client::{CallOptions, Resolve, SystemResolver};
use orchard_proto::DESCRIPTORS;
use orchard_proto::edge::v1::edge_service_server::EdgeServiceServer;
use orchard_server::{HealthOptions, RateOptions, ServeOptions, Server, Web, WebOptions, health_to_end, run_to_end};
use tonic::service::RoutesBuilder;
use tonic::transport::Uri;

use crate::upstream::Upstreams;

/// Domain of this service's own reasons.
pub const DOMAIN: &str = "orchard.edge";
const NAME: &str = "edge";
/// Calls at work at once. They cost it little more than memory; the slices behind it know their own limits.
const MAX_CALLS: usize = 1_000;

/// The commands of the edge.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves calls until SIGTERM or SIGINT
    Serve(Box<Serve>),
    /// Asks the service beside it for its health; the exit status is 0 when it is SERVING
    Health(HealthOptions),
}

/// What the edge serves with.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    serve: ServeOptions,
    #[command(flatten)]
    settings: Settings,
}

/// Where the slices are, as whom the edge calls them, and how often others may call it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Upstreams")]
pub struct Settings {
    /// Address of the family service, such as http://family:50051: a name that may have many addresses
    #[arg(long, env = "ORCHARD_FAMILY_URL", value_name = "URL")]
    pub family_url: Uri,
    /// Address of the social service
    #[arg(long, env = "ORCHARD_SOCIAL_URL", value_name = "URL")]
    pub social_url: Uri,
    /// Address of the recipe service
    #[arg(long, env = "ORCHARD_RECIPE_URL", value_name = "URL")]
    pub recipe_url: Uri,
    /// Address of the consultation service
    #[arg(long, env = "ORCHARD_CONSULTATION_URL", value_name = "URL")]
    pub consultation_url: Uri,
    /// As whom it calls them
    #[command(flatten)]
    pub calls: CallOptions,
    /// How often callers and addresses may call
    #[command(flatten)]
    pub rates: RateOptions,
    /// Where browsers call
    #[command(flatten)]
    pub web: WebOptions,
    /// Serve a page for people on the port for browsers; `ORCHARD_WEB_ORIGINS` must have that port's own origin
    #[arg(long, env = "ORCHARD_WEB_PAGE", default_value_t = false, action = clap::ArgAction::Set, value_name = "BOOL", requires = "web_listen")]
    pub web_page: bool,
}

impl Settings {
    fn web(&self) -> Option<Web> {
        let origins = self.web.web_origins.clone();
        let pages = if self.web_page { page::router() } else { Router::new() };
        self.web.web_listen.map(|listen| Web { listen, origins, pages })
    }
}

impl Command {
    /// Runs the command to its end, which for `serve` is a signal.
    pub fn run(self) -> ExitCode {
        match self {
            Self::Serve(options) => run_to_end(NAME, &options.serve, async { server(&options.settings, &options.serve) }),
            Self::Health(options) => health_to_end(NAME, &options),
        }
    }
}

/// The edge, put together and not yet listening.
pub fn server(settings: &Settings, options: &ServeOptions) -> anyhow::Result<Server> {
    server_with(settings, options, &(Arc::new(SystemResolver) as Arc<dyn Resolve>))
}

/// The edge, with slices whose replicas `resolver` finds.
pub fn server_with(settings: &Settings, options: &ServeOptions, resolver: &Arc<dyn Resolve>) -> anyhow::Result<Server> {
    let upstreams = Upstreams::new(settings, options, resolver)?;
    let mut routes = RoutesBuilder::default();
    routes.add_service(EdgeServiceServer::new(api::Api { upstreams: upstreams.clone() }));
    Ok(Server {
        name: NAME,
        contracts: DESCRIPTORS,
        served: [&["orchard.edge.v1"][..], &upstream::PACKAGES].concat(),
        front_door: true,
        routes,
        max_calls: MAX_CALLS,
        gauges: Vec::new(),
        background: Vec::new(),
        fallback: Some(proxy::router(upstreams)),
        rates: Some(settings.rates.clone()),
        web: settings.web(),
        // It has nothing of its own to wait for: a slice that is away takes its own calls and sections away, no more.
        readiness: Box::new(|| async { Ok(()) }.boxed()),
    })
}
