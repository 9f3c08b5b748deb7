//! A service that owns a slice of the schema, and the server made of it.

use std::fmt::Debug;

use clap::Args;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use orchard_db::idempotency::keep_swept;
use orchard_db::{Db, Failure, Migrations, NotMigrated, require_migrated};
use orchard_proto::DESCRIPTORS;
use orchard_rpc::supervise;
use tonic::service::RoutesBuilder;

use crate::options::ServeOptions;
use crate::server::Server;
use crate::telemetry;

/// A service that owns a slice of the schema.
pub trait Slice: 'static {
    /// The service's name, such as `family`.
    const NAME: &'static str;
    /// The service's own protobuf package, such as `orchard.family.v1`.
    const PACKAGE: &'static str;
    /// Settings of this service, in addition to those that every service has.
    type Settings: Args + Clone + Debug + Send + Sync;

    /// Returns the migrations of the slice's tables: its own, and those of the shared crates that it uses.
    fn migrations() -> Migrations;

    /// Builds the services and background tasks over `db`.
    fn parts(db: &Db, settings: &Self::Settings, options: &ServeOptions) -> anyhow::Result<Parts>;
}

/// The services and background tasks of a slice.
pub struct Parts {
    /// The gRPC services.
    pub routes: RoutesBuilder,
    /// Full names of those services that are outside the slice's own package.
    pub shared: Vec<&'static str>,
    /// Tasks that run while the slice serves.
    pub background: Vec<BoxFuture<'static, ()>>,
}

impl Parts {
    /// Returns the parts of a slice that serves its own package only and has no background tasks.
    pub fn of(routes: RoutesBuilder) -> Self {
        Self { routes, shared: Vec::new(), background: Vec::new() }
    }
}

/// Builds a slice's server over `db`.
pub fn slice_server<S: Slice>(db: &Db, settings: &S::Settings, options: &ServeOptions) -> anyhow::Result<Server> {
    // Parts may register metrics, which are lost unless a recorder is installed first.
    telemetry::metrics::install();
    let Parts { routes, mut shared, mut background } = S::parts(db, settings, options)?;
    shared.push(S::PACKAGE);
    let swept = db.clone();
    let sweep = supervise("sweep request ids", move || keep_swept(swept.clone()));
    background.push(sweep.map(|never| match never {}).boxed());
    let (gauged, checked) = (db.clone(), db.clone());
    Ok(Server {
        // Slightly more than there are connections, so that no connection idles for want of a call.
        max_calls: db.connections() * 3 / 2,
        name: S::NAME,
        contracts: DESCRIPTORS,
        served: shared,
        front_door: false,
        routes,
        fallback: None,
        rates: None,
        web: None,
        gauges: vec![Box::new(move || gauged.set_gauges())],
        background,
        readiness: Box::new(move || {
            let db = checked.clone();
            async move {
                match require_migrated(&db, S::migrations()).await {
                    // A busy database is not a broken one: turning callers away would only move the load to other replicas.
                    Ok(()) | Err(NotMigrated::Unknown(Failure::Busy(_))) => Ok(()),
                    Err(cause) => Err(cause.into()),
                }
            }
            .boxed()
        }),
    })
}
