//! Example calls, to copy.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use orchard_testkit::keys::{DevKeys, user_id};

use crate::demo::Demo;
use crate::output::say;
use crate::project::DEFAULT_PORT;
use crate::up::ports::Ports;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Prints calls for grpcurl and for `cargo xtask grpc`.
pub fn print(keys: &DevKeys, edge: u16, demo: Option<&Demo>) -> Result<()> {
    let address = format!("127.0.0.1:{edge}");
    say("");
    say(&format!("Orchard is up; the edge listens on {address}. Alice's token, valid for a day:"));
    say("");
    say(&format!("export TOKEN={}", keys.user_token(user_id("alice"), &[], DAY)?));
    let calls = demo.map(calls).unwrap_or_default();
    say("");
    say("With grpcurl:");
    say(&format!("grpcurl -plaintext {address} list"));
    for (method, json) in &calls {
        say(&format!(r#"grpcurl -plaintext -H "authorization: Bearer $TOKEN" -d '{json}' {address} {method}"#));
    }
    let elsewhere = if edge == DEFAULT_PORT { String::new() } else { format!(" --address {address}") };
    say("");
    say("Without it:");
    say(&format!("cargo xtask grpc{elsewhere} list"));
    for (method, json) in &calls {
        let short = method.rsplit_once('.').map_or(*method, |(_, short)| short);
        say(&format!("cargo xtask grpc{elsewhere} --user alice {short} '{json}'"));
    }
    say("");
    say("Logs are in target/orchard/up/*.log. Ctrl-C stops everything.");
    Ok(())
}

/// Prints the address of the page, and writes it into a file, with tokens of some people behind the `#`, which a browser sends to nobody.
pub fn page(keys: &DevKeys, ports: Ports, file: &Path) -> Result<()> {
    let person = |name: &&str| anyhow::Ok(format!("{name}={}", keys.user_token(user_id(name), &[], DAY)?));
    let people = ["alice", "bob", "dana", "omar"].iter().map(person).collect::<Result<Vec<_>>>()?;
    say("");
    say("The page, where alice, bob, dana and omar can sign in for a day:");
    let url = format!("http://127.0.0.1:{}/#{}", ports.web(), people.join("&"));
    say(&url);
    std::fs::write(file, url).with_context(|| format!("cannot write {}", file.display()))
}

/// Writes a file that a shell can source: addresses, and ids of the demo data, for the calls in the pages.
pub fn write(file: &Path, ports: Ports, demo: &Demo) -> Result<()> {
    let address = |port: u16| format!("127.0.0.1:{port}");
    let variables = [
        ("ORCHARD_ADDRESS", address(ports.edge())),
        ("WEB", address(ports.web())),
        ("FAMILY", address(ports.of("family"))),
        ("SOCIAL", address(ports.of("social"))),
        ("FAMILY_ADMIN", address(ports.admin_of("family"))),
        ("PLAN", demo.plan_id.clone()),
        ("CHALLENGE", demo.challenge_id.clone()),
        ("RECIPE", demo.recipe_id.clone()),
        ("PROFESSIONAL", demo.professional_id.clone()),
        ("ALICE", user_id("alice").to_string()),
        ("BOB", user_id("bob").to_string()),
        ("CHLOE", user_id("chloe").to_string()),
        ("DANA", user_id("dana").to_string()),
        ("GEORGE", user_id("george").to_string()),
    ];
    let exports: String = variables.iter().map(|(name, value)| format!("export {name}={value}\n")).collect();
    std::fs::write(file, exports).with_context(|| format!("cannot write {}", file.display()))?;
    say(&format!("Variables for the calls in the pages are in {}.", file.display()));
    Ok(())
}

/// Returns methods and requests that show the demo data.
pub fn calls(demo: &Demo) -> Vec<(&'static str, String)> {
    let plan = format!(r#"{{"family_plan_id":"{}"}}"#, demo.plan_id);
    vec![
        ("orchard.edge.v1.EdgeService/GetFamilyDashboard", plan.clone()),
        ("orchard.family.v1.MemberService/ListMembers", plan),
        ("orchard.social.v1.ChallengeService/GetChallenge", format!(r#"{{"challenge_id":"{}"}}"#, demo.challenge_id)),
        ("orchard.social.v1.LeaderboardService/ListLeaderboard", format!(r#"{{"challenge_id":"{}"}}"#, demo.challenge_id)),
        ("orchard.recipe.v1.RecipeService/GetRecipe", format!(r#"{{"recipe_id":"{}"}}"#, demo.recipe_id)),
    ]
}
