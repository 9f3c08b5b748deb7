//! The time from start to ready, and memory.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use futures::FutureExt as _;
use orchard_proto::consultation::v1::GetProfessionalRequest;
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_proto::recipe::v1::GetRecipeRequest;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use tonic::{Code, Response, Status};
use uuid::Uuid;

use crate::bench::accounting;
use crate::bench::calls::{self, Clients};
use crate::bench::data::FAMILIES;
use crate::bench::load::{self, Call, IN_FLIGHT};
use crate::bench::report::{Finding, Outcome};
use crate::bench::world::{Amount, World};
use crate::project::{EDGE, SERVICES};

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let (times, load) = match world.amount {
        Amount::Glance => (1, 200),
        Amount::Quick => (3, 4_000),
        Amount::Full => (10, 20_000),
    };
    let mut findings = Vec::new();
    for service in SERVICES {
        let mut milliseconds = Vec::new();
        for _ in 0..times {
            world.services.stop_one(service).await?;
            let start = Instant::now();
            world.services.start_one(service, world.keys)?;
            world.ready(service).await?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        let what = format!("{service}: from start to ready");
        findings.push(Finding::new(what, "ms", milliseconds).at_most(100.0));
    }
    findings.extend(memory(world, "at rest")?);
    for call in all(world).await? {
        let first = world.meter.next;
        world.meter.next += load;
        load::run(&call, first..first + load, IN_FLIGHT).await?;
    }
    findings.extend(memory(world, "after load")?.into_iter().map(|finding| finding.at_most(20.0)));
    let what = format!("each service started {times} times on a migrated database; then {load} calls of each of five kinds");
    Ok(Outcome { what, findings, ..Outcome::default() })
}

fn memory(world: &World<'_>, when: &str) -> Result<Vec<Finding>> {
    let of = |service| {
        let resident = accounting::resident(world.processes([service])?[0].1)?;
        Ok(Finding::new(format!("{service}: resident memory {when}"), "MiB", vec![resident]))
    };
    SERVICES.into_iter().map(of).collect()
}

/// Returns calls that reach every service.
async fn all(world: &World<'_>) -> Result<Vec<Call>> {
    let edge = world.clients(EDGE).await?;
    Ok(vec![
        calls::get_plan(edge.clone(), FAMILIES),
        calls::dashboard(edge.clone(), FAMILIES),
        calls::spend(edge.clone(), FAMILIES),
        missing_recipe(edge.clone()),
        missing_professional(edge),
    ])
}

fn missing_recipe(clients: Clients) -> Call {
    Arc::new(move |number| {
        let request = clients.request(1, GetRecipeRequest { recipe_id: Uuid::new_v4().to_string() });
        let mut client = RecipeServiceClient::new(clients.channel(number));
        async move { not_found(client.get_recipe(request).await) }.boxed()
    })
}

fn missing_professional(clients: Clients) -> Call {
    Arc::new(move |number| {
        let request = clients.request(1, GetProfessionalRequest { professional_id: Uuid::new_v4().to_string() });
        let mut client = ProfessionalServiceClient::new(clients.channel(number));
        async move { not_found(client.get_professional(request).await) }.boxed()
    })
}

fn not_found<T>(answer: Result<Response<T>, Status>) -> Result<(), Status> {
    match answer {
        Err(status) if status.code() == Code::NotFound => Ok(()),
        other => other.map(drop),
    }
}
