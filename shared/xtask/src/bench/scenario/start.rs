//! How soon a replica serves, and what memory it takes.

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
use crate::bench::calls::{self, Tokens};
use crate::bench::data::FAMILIES;
use crate::bench::load::{self, Call, Channels, IN_FLIGHT};
use crate::bench::report::{Finding, Goal, Outcome};
use crate::bench::world::{Amount, World};
use crate::project::{EDGE, SLICES};

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let (times, load) = match world.amount {
        Amount::Glance => (1, 200),
        Amount::Quick => (3, 4_000),
        Amount::Full => (10, 20_000),
    };
    let mut findings = Vec::new();
    for service in SLICES.into_iter().chain([EDGE]) {
        let mut milliseconds = Vec::new();
        for _ in 0..times {
            world.services.stop_one(service).await?;
            let start = Instant::now();
            world.services.start_one(service, world.keys)?;
            world.ready(service).await?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        let what = format!("{service}: from start to ready");
        findings.push(Finding::of(what, "ms", milliseconds, Some(Goal::AtMost(100.0))));
    }
    memory(world, "at rest", None, &mut findings)?;
    for call in all(world).await? {
        let first = world.meter.next;
        world.meter.next += load;
        load::run(&call, first..first + load, IN_FLIGHT).await?;
    }
    memory(world, "after load", Some(Goal::AtMost(20.0)), &mut findings)?;
    Ok(Outcome {
        scenario: "start".to_owned(),
        what: format!("each service started {times} times on a migrated database; then {load} calls of each of five kinds"),
        sides: Vec::new(),
        findings,
        curves: Vec::new(),
        notes: Vec::new(),
    })
}

fn memory(world: &World<'_>, when: &str, goal: Option<Goal>, findings: &mut Vec<Finding>) -> Result<()> {
    for service in SLICES.into_iter().chain([EDGE]) {
        let resident = accounting::resident(world.processes([service])?[0].1)?;
        findings.push(Finding::of(format!("{service}: resident memory {when}"), "MiB", vec![resident], goal));
    }
    Ok(())
}

/// Calls that reach every service.
async fn all(world: &World<'_>) -> Result<Vec<Call>> {
    let (edge, tokens) = (world.channels(EDGE).await?, &world.tokens);
    Ok(vec![
        calls::get_plan(edge.clone(), tokens.clone(), FAMILIES),
        calls::dashboard(edge.clone(), tokens.clone(), FAMILIES),
        calls::spend(edge.clone(), tokens.clone(), FAMILIES),
        absent_recipe(edge.clone(), tokens.clone()),
        absent_professional(edge, tokens.clone()),
    ])
}

fn absent_recipe(channels: Channels, tokens: Tokens) -> Call {
    Arc::new(move |number| {
        let request = tokens.request(1, GetRecipeRequest { recipe_id: Uuid::new_v4().to_string() });
        let mut client = RecipeServiceClient::new(channels.of(number));
        async move { not_found(client.get_recipe(request).await) }.boxed()
    })
}

fn absent_professional(channels: Channels, tokens: Tokens) -> Call {
    Arc::new(move |number| {
        let request = tokens.request(1, GetProfessionalRequest { professional_id: Uuid::new_v4().to_string() });
        let mut client = ProfessionalServiceClient::new(channels.of(number));
        async move { not_found(client.get_professional(request).await) }.boxed()
    })
}

fn not_found<T>(answer: Result<Response<T>, Status>) -> Result<(), Status> {
    match answer {
        Err(status) if status.code() == Code::NotFound => Ok(()),
        other => other.map(drop),
    }
}
