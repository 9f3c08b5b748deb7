//! Who may call what: each method that there is, called over the wire by each kind of caller.
//!
//! What is expected, a person writes down in the test. Read from the same option as the service reads, it would only be equal to itself.

mod actor;
mod method;
mod raw;

use orchard_proto::DESCRIPTORS;
use tonic::Status;
use tonic::transport::Channel;

pub use self::actor::{Actor, USERS};
pub use self::method::{Method, gaps, methods, naming, packages};
use crate::answer::{Refusal, refusal};
use crate::client::{Client, insist};
use crate::keys::DevKeys;
use crate::reasons::{Reason, reasons};

/// Whom a method admits.
#[derive(Debug, Clone, Copy)]
pub enum Admits {
    /// Anyone, whatever they show.
    Everybody,
    /// Those, and nobody else.
    Only(&'static [&'static [Actor]]),
    /// Nobody: here, there is no such method.
    Hidden,
}

/// A row for each method, such as `PlanService/GetPlan`.
pub type Table = [(&'static str, Admits)];

/// Calls all methods of a package as all kinds of caller, with an empty message, and says where the answer is not what the table says,
/// which methods it lacks, and which it has too many.
pub async fn findings(
    channel: &Channel,
    keys: &DevKeys,
    descriptors: &[u8],
    package: &str,
    table: &Table,
) -> anyhow::Result<Vec<String>> {
    let methods = methods(descriptors, package)?;
    let documented = reasons(DESCRIPTORS)?;
    let mut findings = gaps(&methods, table.iter().map(|(method, _)| *method));
    for actor in Actor::all() {
        let client = actor.headers(keys)?.on(channel.clone());
        for method in &methods {
            let Some((_, admits)) = table.iter().find(|(name, _)| *name == method.name) else { continue };
            let answer = call(&client, method, Vec::new()).await;
            if let Some(finding) = judge(*admits, actor, &answer, &documented) {
                findings.push(format!("{} as {actor:?}: {finding}", method.name));
            }
        }
    }
    Ok(findings)
}

/// Calls a method with an encoded message, again while the service is busy, and gives the encoded answer. A stream is answered once it
/// begins, by nothing.
pub async fn call(client: &Client, method: &Method, message: Vec<u8>) -> Result<Vec<u8>, Status> {
    insist(|| raw::call(client.clone(), method, message.clone())).await
}

/// What is wrong with an answer.
fn judge(admits: Admits, actor: Actor, answer: &Result<Vec<u8>, Status>, documented: &[Reason]) -> Option<String> {
    let given = answer.as_ref().err().map(refusal);
    let told = given.as_ref().map(|Refusal { code, reason, .. }| (*code, reason.as_str()));
    match actor.denial(admits) {
        Some(denial) => (told != Some(denial)).then(|| format!("{given:?} instead of {denial:?}")),
        None => {
            let Refusal { domain, reason, .. } = given.as_ref()?;
            let is_proper = documented.iter().any(|known| known.is(domain, reason)) && reason != "INTERNAL";
            (actor::is_denial(reason) || !is_proper).then(|| format!("{given:?} though it is admitted"))
        }
    }
}
