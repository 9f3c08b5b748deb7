//! Search over 1,000 to 100,000 recipes, beside the queries of others on the same data. One call at a time, because latency is the goal.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::FutureExt as _;
use orchard_proto::recipe::v1::SearchRecipesRequest;
use orchard_proto::recipe::v1::search_service_client::SearchServiceClient;
use tokio_postgres::Client;
use tonic::Status;

use crate::bench::calls::Clients;
use crate::bench::figures::Spread;
use crate::bench::load::Call;
use crate::bench::recipes;
use crate::bench::report::{Curve, Finding, Outcome};
use crate::bench::side::{POSTGRESQL, Round, Rounds, Side, alternate_with};
use crate::bench::world::{Amount, Connections, World, connect};

/// Microseconds of CPU per call, roughly.
const COST: u64 = 4_000;
/// How long the service may take to index all recipes.
const INDEX_LIMIT: Duration = Duration::from_secs(600);
const NAMES: [&str; 3] = ["SearchRecipes", "trigrams, as Mealie", "full text"];

/// A figure of a round.
type Figure = fn(&Round) -> f64;

const FIGURES: [Figure; 4] =
    [|round| round.p50 * 1e3, |round| round.p99 * 1e3, Round::postgres, |round| round.total() - round.cpu_of(POSTGRESQL)];
const CURVES: [[&str; 4]; 3] = [
    ["ours: p50, us", "ours: p99, us", "ours: PostgreSQL, CPU us", "ours: services, CPU us"],
    ["trigrams: p50, us", "trigrams: p99, us", "trigrams: PostgreSQL, CPU us", ""],
    ["full text: p50, us", "full text: p99, us", "full text: PostgreSQL, CPU us", ""],
];

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    let sizes: &[u64] = match world.amount {
        Amount::Glance => &[1_000],
        Amount::Quick => &[1_000, 10_000],
        Amount::Full => &[1_000, 10_000, 100_000],
    };
    let mut curves: Vec<Curve> =
        CURVES.iter().flatten().filter(|name| !name.is_empty()).map(|name| Curve { name, points: Vec::new() }).collect();
    let (mut last, mut before) = (Vec::new(), 0);
    for size in sizes {
        recipes::insert(&world.sql, before, *size).await?;
        before = *size;
        last = measure(world, *size).await?;
        for (side, names) in last.iter().zip(CURVES) {
            for (name, figure) in names.into_iter().zip(FIGURES) {
                let spread = Spread::of(side.each(figure));
                if let Some((curve, spread)) = curves.iter_mut().find(|curve| curve.name == name).zip(spread) {
                    curve.points.push((*size, spread));
                }
            }
        }
    }
    let (ours, trigrams, full_text) = (&last[0], &last[1], &last[2]);
    let size = sizes.last().copied().unwrap_or_default();
    let findings = vec![
        Finding::new(format!("p50 over {size} recipes"), "ms", ours.each(|round| round.p50)).at_most(5.0),
        Finding::new(format!("p99 over {size} recipes"), "ms", ours.each(|round| round.p99)).at_most(20.0),
        Finding::ratio("p50: trigrams / ours", trigrams.ratio(|round| round.p50, ours, |round| round.p50)),
        Finding::ratio("p99: trigrams / ours", trigrams.ratio(|round| round.p99, ours, |round| round.p99)),
        Finding::ratio("p50: full text / ours", full_text.ratio(|round| round.p50, ours, |round| round.p50)),
    ];
    let what = format!("SearchRecipes over {sizes:?} recipes, one call at a time; the others are statements without a service");
    Ok(Outcome { what, sides: last, findings, curves })
}

async fn measure(world: &mut World<'_>, size: u64) -> Result<Vec<Rounds>> {
    // The service indexes what it does not know when it starts.
    world.restart("recipe").await?;
    indexed(world, size).await?;
    world.sql.batch_execute("VACUUM (ANALYZE) recipe.user_recipes").await?;
    for table in ["recipe.recipe_search", "recipe.recipe_search_names", "recipe.search_words"] {
        world.sql.batch_execute(&format!("VACUUM (ANALYZE) {table}")).await?;
    }
    let mut connections = Connections::new();
    let others = Arc::new(connect(&world.admin, &mut connections).await?);
    others.batch_execute(recipes::OTHERS).await?;
    others.batch_execute("VACUUM (ANALYZE) bench.recipes").await?;
    let texts: Arc<[String]> = recipes::texts().into();
    let ours = search(world.clients("recipe").await?, Arc::clone(&texts));
    let alone = |name, processes, call| Side::Calls { name, processes, call, at_once: 1 };
    let mut sides = [
        alone(NAMES[0], world.processes(["recipe", "social"])?, ours),
        alone(NAMES[1], Vec::new(), statement(&others, recipes::TRIGRAMS, &texts).await?),
        alone(NAMES[2], Vec::new(), statement(&others, recipes::FULL_TEXT, &texts).await?),
    ];
    let effort = world.effort(COST);
    // The others are asked for each text once, because a call of theirs may take more than a second.
    let each = texts.len() as u64;
    alternate_with(&mut world.meter, &mut sides, effort.rounds.min(3), &[effort.calls, each, each]).await
}

/// Waits until the service has indexed all recipes.
async fn indexed(world: &World<'_>, size: u64) -> Result<()> {
    let deadline = Instant::now() + INDEX_LIMIT;
    let count = "SELECT count(*) FROM recipe.recipe_search_names";
    while world.sql.query_one(count, &[]).await?.get::<_, i64>(0) < i64::try_from(size)? {
        if Instant::now() > deadline {
            bail!("the recipe service has not indexed {size} recipes");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// `SearchService/SearchRecipes` with one of the texts, which fails if nothing is found.
fn search(clients: Clients, texts: Arc<[String]>) -> Call {
    Arc::new(move |number| {
        let text = texts[number as usize % texts.len()].clone();
        let request = clients.request(number % 1_000 + 1, SearchRecipesRequest { text: text.clone(), ..Default::default() });
        let mut client = SearchServiceClient::new(clients.channel(number));
        async move {
            let found = client.search_recipes(request).await?.into_inner();
            if found.results.is_empty() { Err(Status::internal(format!("{text} finds nothing"))) } else { Ok(()) }
        }
        .boxed()
    })
}

/// A statement with one of the texts.
async fn statement(client: &Arc<Client>, sql: &str, texts: &Arc<[String]>) -> Result<Call> {
    let prepared =
        client.prepare_typed(sql, &[tokio_postgres::types::Type::TEXT]).await.context("cannot prepare a peer's query")?;
    let (client, texts) = (Arc::clone(client), Arc::clone(texts));
    Ok(Arc::new(move |number| {
        let (client, prepared, text) =
            (Arc::clone(&client), prepared.clone(), texts[number as usize % texts.len()].to_lowercase());
        async move { client.query(&prepared, &[&text]).await.map(drop).map_err(|error| Status::internal(error.to_string())) }
            .boxed()
    }))
}
