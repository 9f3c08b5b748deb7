//! Evaluates network policies between the pods of one namespace.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{at, list, text, texts};

/// A connection between two kinds of pods, by their labels.
pub struct Flow<'a> {
    pub from: &'a BTreeMap<String, String>,
    pub to: &'a BTreeMap<String, String>,
    pub port: u16,
}

/// The policies of a namespace.
pub struct Policies<'a>(Vec<&'a Value>);

impl<'a> Policies<'a> {
    pub fn new(policies: impl Iterator<Item = &'a Value>) -> Self {
        Self(policies.collect())
    }

    /// Returns whether both ends allow the connection.
    pub fn allow(&self, flow: &Flow<'_>) -> bool {
        self.one_end("Egress", flow.from, flow.to, flow.port) && self.one_end("Ingress", flow.to, flow.from, flow.port)
    }

    /// Returns whether one end allows it: no policy selects that end, or one that does allows it.
    fn one_end(&self, direction: &str, end: &BTreeMap<String, String>, peer: &BTreeMap<String, String>, port: u16) -> bool {
        let (rules, peers) = if direction == "Egress" { ("egress", "to") } else { ("ingress", "from") };
        let applies = |policy: &&&Value| {
            texts(at(policy, "spec.policyTypes")).contains(&direction.to_owned()) && selects(at(policy, "spec.podSelector"), end)
        };
        let mut selecting = self.0.iter().filter(applies).peekable();
        let is_open = selecting.peek().is_none();
        is_open || selecting.any(|policy| list(&policy["spec"][rules]).iter().any(|rule| allows(rule, peers, peer, port)))
    }
}

fn allows(rule: &Value, peers: &str, peer: &BTreeMap<String, String>, port: u16) -> bool {
    let ports = list(&rule["ports"]);
    let is_tcp = |rule: &Value| rule["protocol"].is_null() || rule["protocol"] == "TCP";
    let fits_port = ports.is_empty() || ports.iter().any(|rule| is_tcp(rule) && rule["port"] == port);
    let peers = list(&rule[peers]);
    // Other namespaces and addresses have none of these pods.
    let fits_peer =
        |rule: &&Value| rule["namespaceSelector"].is_null() && rule["ipBlock"].is_null() && selects(&rule["podSelector"], peer);
    fits_port && (peers.is_empty() || peers.iter().any(|rule| fits_peer(&rule)))
}

fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let mut equal = selector["matchLabels"].as_object().into_iter().flatten();
    equal.all(|(name, value)| labels.get(name) == Some(&text(value)))
        && list(&selector["matchExpressions"]).iter().all(|expression| {
            assert_eq!(expression["operator"], "In", "the only operator in use");
            labels.get(&text(&expression["key"])).is_some_and(|value| texts(&expression["values"]).contains(value))
        })
}

#[test]
fn policies_have_the_same_effect_as_in_kubernetes() -> anyhow::Result<()> {
    let policy = |selector: &str, direction: &str, rules: &str| -> anyhow::Result<Value> {
        Ok(serde_saphyr::from_str(&format!("spec: {{podSelector: {selector}, policyTypes: [{direction}], {rules}}}"))?)
    };
    let labels = |name: &str| BTreeMap::from([("app".to_owned(), name.to_owned())]);
    let (a, b) = (labels("a"), labels("b"));
    let nothing = [policy("{}", "Ingress", "ingress: []")?, policy("{}", "Egress", "egress: []")?];
    let out = policy(
        "{matchLabels: {app: a}}",
        "Egress",
        "egress: [{to: [{podSelector: {matchLabels: {app: b}}}], ports: [{port: 1}]}]",
    )?;
    let elsewhere = policy("{}", "Ingress", "ingress: [{from: [{namespaceSelector: {}}]}]")?;
    let r#in = policy(
        "{matchExpressions: [{key: app, operator: In, values: [b, c]}]}",
        "Ingress",
        "ingress: [{from: [{podSelector: {}}]}]",
    )?;
    let allow = |policies: &[&Value], from, to, port| Policies::new(policies.iter().copied()).allow(&Flow { from, to, port });
    assert!(allow(&[], &a, &b, 1), "open without any");
    assert!(allow(&[&out, &r#in], &a, &b, 1));
    let all = [&nothing[0], &nothing[1], &out, &r#in];
    assert!(allow(&all, &a, &b, 1));
    assert!(!allow(&all, &a, &b, 2), "another port");
    assert!(!allow(&all, &b, &a, 1), "the other way");
    assert!(!allow(&all[..3], &a, &b, 1), "one end alone");
    assert!(!allow(&[&nothing[0], &nothing[1], &out, &elsewhere], &a, &b, 1), "other namespaces");
    Ok(())
}
