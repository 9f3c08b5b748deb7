//! Checks the manifests for Kubernetes, which `cargo xtask test --all` renders.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Context as _;
use orchard_server::LIVENESS;
use serde_json::Value;

use super::network::{Flow, Policies};
use super::overlay::{Overlay, Workload, labels, selects};
use super::{RESERVED, SERVICES, at, list, text, texts};

fn check_hardened(pod: &Value) {
    let container = at(pod, "containers.0.securityContext");
    assert_eq!(at(pod, "securityContext.runAsNonRoot"), true, "{pod}");
    assert_eq!(at(pod, "securityContext.seccompProfile.type"), "RuntimeDefault", "{pod}");
    assert_eq!(pod["automountServiceAccountToken"], false, "{pod}");
    assert_eq!(container["allowPrivilegeEscalation"], false, "{pod}");
    assert_eq!(container["readOnlyRootFilesystem"], true, "{pod}");
    assert_eq!(texts(at(container, "capabilities.drop")), ["ALL"], "{pod}");
    assert!(!at(pod, "containers.0.resources.limits.memory").is_null(), "{pod}");
}

fn check_service(overlay: &Overlay, name: &str, workload: &Workload<'_>) -> anyhow::Result<()> {
    let (pod, accepted) = (workload.pod, &workload.accepted);
    assert_eq!(format!("orchard-{}", accepted.service), name);
    assert!(at(workload.object, "spec.replicas").is_null(), "{name}: the autoscaler sets the replicas");
    let container = at(pod, "containers.0");
    let admin = accepted.admin_port()?;
    for (probe, service) in [("startupProbe", LIVENESS), ("livenessProbe", LIVENESS), ("readinessProbe", "")] {
        let grpc = &container[probe]["grpc"];
        assert_eq!((&grpc["port"], grpc["service"].as_str().unwrap_or_default()), (&admin.into(), service), "{name}: {probe}");
    }
    let seconds = |value: &Value| Duration::from_secs(value.as_u64().unwrap_or_default());
    let before = seconds(at(container, "lifecycle.preStop.sleep.seconds"));
    let grace = seconds(&pod["terminationGracePeriodSeconds"]);
    assert!(
        before > Duration::ZERO && grace > before + accepted.end()? + Duration::from_secs(1),
        "{name} is killed while it ends"
    );
    let ports: BTreeMap<String, &Value> =
        list(&container["ports"]).iter().map(|port| (text(&port["name"]), &port["containerPort"])).collect();
    assert_eq!(ports["grpc"], &Value::from(accepted.port()?), "{name}");
    assert_eq!(ports["admin"], &Value::from(admin), "{name}");

    let service = overlay.named("Service", name).with_context(|| format!("no Service {name}"))?;
    assert!(selects(at(service, "spec.selector"), workload), "{name}");
    assert_eq!(at(service, "spec.ports.0.targetPort"), "grpc", "{name}");
    assert_eq!(at(service, "spec.clusterIP") == "None", name != "orchard-edge", "{name}");
    let budget = overlay.named("PodDisruptionBudget", name).with_context(|| format!("no PodDisruptionBudget {name}"))?;
    assert!(selects(at(budget, "spec.selector.matchLabels"), workload), "{name}");
    let autoscaler = overlay.named("HorizontalPodAutoscaler", name).with_context(|| format!("no autoscaler {name}"))?;
    assert_eq!(at(autoscaler, "spec.scaleTargetRef.name"), name);
    assert!(overlay.named("ServiceAccount", &text(&pod["serviceAccountName"])).is_some(), "{name}");
    for spread in list(&pod["topologySpreadConstraints"]) {
        assert!(selects(at(spread, "labelSelector.matchLabels"), workload), "{name}");
    }
    Ok(())
}

#[test]
#[ignore = "needs the manifests that `cargo xtask test --all` renders"]
fn the_program_accepts_the_settings_of_the_manifests() -> anyhow::Result<()> {
    for name in ["local", "production"] {
        let overlay = Overlay::read(name)?;
        let services = overlay.workloads("Deployment")?;
        assert_eq!(services.len(), SERVICES.len(), "{name}");
        for (name, workload) in &services {
            check_service(&overlay, name, workload)?;
        }
        for kind in ["Deployment", "StatefulSet", "Job"] {
            overlay.of_kind(kind).for_each(|object| check_hardened(at(object, "spec.template.spec")));
        }
    }
    for name in ["local", "production-migrate"] {
        let overlay = Overlay::read(name)?;
        let migrated: BTreeSet<String> = overlay.workloads("Job")?.into_values().map(|job| job.accepted.service).collect();
        assert_eq!(migrated, BTreeSet::from(["family", "social", "recipe", "consultation"].map(str::to_owned)), "{name}");
    }
    Ok(())
}

/// The Jobs of each release have new names.
#[test]
#[ignore = "needs the manifests that `cargo xtask test --all` renders"]
fn a_release_is_one_image() -> anyhow::Result<()> {
    let (services, migrate) = (Overlay::read("production")?, Overlay::read("production-migrate")?);
    let objects = services.of_kind("Deployment").chain(migrate.of_kind("Job"));
    let images: BTreeSet<String> = objects.map(|object| text(at(object, "spec.template.spec.containers.0.image"))).collect();
    assert_eq!(images.len(), 1, "{images:?}");
    let tag = images.first().and_then(|image| image.rsplit_once(':')).context("a tag")?.1;
    for job in migrate.of_kind("Job") {
        assert!(text(at(job, "metadata.name")).ends_with(&format!("-{tag}")), "{job}");
    }
    // Deleting a release must not delete the namespace.
    assert_eq!(services.of_kind("Namespace").chain(migrate.of_kind("Namespace")).count(), 0);
    Ok(())
}

#[test]
#[ignore = "needs the manifests that `cargo xtask test --all` renders"]
fn services_reach_only_the_services_that_they_call() -> anyhow::Result<()> {
    for name in ["local", "production"] {
        let overlay = Overlay::read(name)?;
        let services = overlay.workloads("Deployment")?;
        let policies = Policies::new(overlay.of_kind("NetworkPolicy"));
        let mut wanted = BTreeSet::new();
        for (caller, workload) in &services {
            for (called, (host, port)) in workload.accepted.calls()? {
                let service = overlay.named("Service", &host).with_context(|| format!("{name}: no Service {host}"))?;
                assert_eq!((host.clone(), at(service, "spec.ports.0.port")), (format!("orchard-{called}"), &port.into()));
                wanted.insert((caller.clone(), host, port));
            }
        }
        let mut allowed = BTreeSet::new();
        for (from, to, port) in services.keys().flat_map(|from| services.keys().map(move |to| (from, to, 50051))) {
            let flow = Flow { from: &services[from].labels, to: &services[to].labels, port };
            if policies.allow(&flow) {
                allowed.insert((from.clone(), to.clone(), port));
            }
        }
        assert_eq!(allowed, wanted, "{name}");
        if let Some(server) = overlay.named("StatefulSet", "postgres") {
            let to = labels(at(server, "spec.template.metadata.labels"));
            for object in ["Deployment", "Job"].into_iter().flat_map(|kind| overlay.of_kind(kind)) {
                let from = labels(at(object, "spec.template.metadata.labels"));
                let reaches = policies.allow(&Flow { from: &from, to: &to, port: 5432 });
                assert_eq!(reaches, at(object, "metadata.name") != "orchard-edge", "the database from {object}");
            }
        }
        let stranger = BTreeMap::new();
        for workload in services.values() {
            let flow = |port| Flow { from: &stranger, to: &workload.labels, port };
            assert!(!policies.allow(&flow(50051)) && !policies.allow(&flow(50061)), "{name}");
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs the manifests that `cargo xtask test --all` renders"]
fn the_database_has_connections_for_all_pods() -> anyhow::Result<()> {
    for name in ["local", "production"] {
        let overlay = Overlay::read(name)?;
        let mut wanted = RESERVED;
        for (name, workload) in overlay.workloads("Deployment")? {
            if name == "orchard-edge" {
                continue;
            }
            let autoscaler = overlay.named("HorizontalPodAutoscaler", &name).context("an autoscaler")?;
            let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok()).context("a number");
            let pods = number(at(autoscaler, "spec.maxReplicas"))?
                + number(at(workload.object, "spec.strategy.rollingUpdate.maxSurge"))?;
            let grace = number(at(workload.object, "spec.template.spec.terminationGracePeriodSeconds"))?;
            assert!(number(at(workload.object, "spec.minReadySeconds"))? >= grace, "{name}: more than one ends at a time");
            // One more that ends and is no longer counted, and a connection for a migration.
            let pods = pods + 1;
            wanted += pods * workload.accepted.connections()? + 1;
        }
        let allowed = match overlay.named("StatefulSet", "postgres") {
            Some(server) => {
                let words = texts(at(server, "spec.template.spec.containers.0.args"));
                words.iter().find_map(|word| word.strip_prefix("max_connections=")).context("a limit")?.to_owned()
            }
            None => {
                let policy = overlay.named("NetworkPolicy", "orchard-database").context("the database's policy")?;
                text(&at(policy, "metadata.annotations")["orchard/max-connections"])
            }
        };
        assert!(wanted <= allowed.parse()?, "{name}: {wanted} of {allowed}");
    }
    Ok(())
}
