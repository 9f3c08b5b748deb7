//! Requests that are sent again because their answer was lost.

use prost::Message;
use prost_reflect::{DynamicMessage, Value};

use crate::answer::refusal;
use crate::client::Client;
use crate::matrix::{Method, call, gaps, methods};

/// A request that succeeds.
pub struct Case {
    /// Such as `PlanService/GetPlan`.
    pub method: &'static str,
    client: Client,
    request: Vec<u8>,
}

impl Case {
    /// Creates a case of a method.
    pub fn of(method: &'static str, client: Client, request: impl Message) -> Self {
        Self { method, client, request: request.encode_to_vec() }
    }
}

/// Sends the request of each case twice, in order. Returns which methods marked IDEMPOTENT have no case, which first answers are errors,
/// and which second answers differ from the first.
pub async fn findings(descriptors: &[u8], package: &str, cases: Vec<Case>) -> anyhow::Result<Vec<String>> {
    let marked: Vec<Method> = methods(descriptors, package)?.into_iter().filter(|method| method.repeats).collect();
    let mut findings = gaps(&marked, cases.iter().map(|case| case.method));
    for Case { method: row, client, request } in cases {
        let Some(method) = marked.iter().find(|method| row.split(' ').next() == Some(&method.name)) else { continue };
        match (call(&client, method, request.clone()).await, call(&client, method, request).await) {
            (Err(status), _) => findings.push(format!("{row} is refused: {}, {}", refusal(&status).reason, status.message())),
            (Ok(_), Err(status)) => findings.push(format!("{row} is refused the second time: {}", refusal(&status).reason)),
            (Ok(first), Ok(second)) => {
                let (first, second) = (untimed(method, &first)?, untimed(method, &second)?);
                if first != second {
                    findings.push(format!("{row} is answered differently: {first}, then {second}"));
                }
            }
        }
    }
    Ok(findings)
}

/// Returns an answer without its times of change, which a repetition may set again.
fn untimed(method: &Method, answer: &[u8]) -> anyhow::Result<DynamicMessage> {
    let mut message = DynamicMessage::decode(method.output.clone(), answer)?;
    clear(&mut message);
    Ok(message)
}

fn clear(message: &mut DynamicMessage) {
    message.clear_field_by_name("update_time");
    for (_, value) in message.fields_mut() {
        match value {
            Value::Message(inner) => clear(inner),
            Value::List(elements) => elements.iter_mut().filter_map(Value::as_message_mut).for_each(clear),
            _ => {}
        }
    }
}
