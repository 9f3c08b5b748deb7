//! A rendered overlay.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::{Accepted, Container, at, list, names, text, texts};

/// Names the folder of the rendered overlays.
const RENDERED: &str = "ORCHARD_MANIFESTS";

pub struct Overlay {
    objects: Vec<Value>,
}

/// A Deployment or Job of the program.
pub struct Workload<'a> {
    pub object: &'a Value,
    pub pod: &'a Value,
    pub labels: BTreeMap<String, String>,
    pub accepted: Accepted,
}

impl Overlay {
    pub fn read(name: &str) -> anyhow::Result<Self> {
        let folder = std::env::var(RENDERED).with_context(|| format!("{RENDERED} names no folder"))?;
        let file = std::fs::read_to_string(Path::new(&folder).join(format!("{name}.yaml")))?;
        Ok(Self { objects: serde_saphyr::from_multiple(&file)? })
    }

    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    pub fn named(&self, kind: &str, name: &str) -> Option<&Value> {
        self.of_kind(kind).find(|object| at(object, "metadata.name") == name)
    }

    /// Returns the workloads of the program by their names.
    pub fn workloads(&self, kind: &str) -> anyhow::Result<BTreeMap<String, Workload<'_>>> {
        let mut workloads = BTreeMap::new();
        for object in self.of_kind(kind) {
            let pod = at(object, "spec.template.spec");
            let container = at(pod, "containers.0");
            let image = text(&container["image"]);
            if image.contains("tools") {
                continue;
            }
            let name = text(at(object, "metadata.name"));
            let accepted = self.container(pod, container)?.accepted().with_context(|| name.clone())?;
            let labels = labels(at(object, "spec.template.metadata.labels"));
            workloads.insert(name, Workload { object, pod, labels, accepted });
        }
        Ok(workloads)
    }

    fn container(&self, pod: &Value, container: &Value) -> anyhow::Result<Container> {
        let mut environment = BTreeMap::new();
        for from in list(&container["envFrom"]) {
            let name = text(at(from, "configMapRef.name"));
            let map = self.named("ConfigMap", &name).with_context(|| format!("no ConfigMap {name}"))?;
            environment.extend(map["data"].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))));
        }
        environment.extend(list(&container["env"]).iter().map(|one| (text(&one["name"]), text(&one["value"]))));
        let mut mounts = BTreeMap::new();
        for mount in list(&container["volumeMounts"]) {
            ensure!(mount["readOnly"] == true, "{mount}");
            let mut volumes = list(&pod["volumes"]).iter();
            let volume =
                volumes.find(|volume| volume["name"] == mount["name"]).with_context(|| format!("no volume for {mount}"))?;
            let source = [at(volume, "secret.secretName"), at(volume, "configMap.name")].into_iter().find(|name| !name.is_null());
            mounts.insert(text(&mount["mountPath"]), text(source.context("a Secret or ConfigMap")?));
        }
        self.check_files(&environment, &mounts)?;
        ensure!(container["command"].is_null(), "the entrypoint of the image must not be replaced");
        let words = texts(&container["args"]);
        let service = words.first().context("no service")?;
        let own = format!("orchard-{service}");
        let sees = |secret: &String| *secret == own || secret == "orchard-public-keys";
        ensure!(mounts.values().all(sees), "{service} sees secrets of others: {mounts:?}");
        Ok(Container { words, environment, mounts })
    }

    /// Checks that each file of a setting is in its mounted Secret or ConfigMap, if the overlay contains that.
    fn check_files(&self, environment: &BTreeMap<String, String>, mounts: &BTreeMap<String, String>) -> anyhow::Result<()> {
        for (name, path) in environment.iter().filter(|(name, _)| name.ends_with("_FILE")) {
            let Some((folder, file)) = path.rsplit_once('/') else { continue };
            let Some(source) = mounts.get(folder) else { continue };
            let object = self.named("Secret", source).or_else(|| self.named("ConfigMap", source));
            let has = |object: &Value| names(&object["data"]).contains(file) || names(&object["binaryData"]).contains(file);
            ensure!(object.is_none_or(has), "{name}: {source} has no {file}");
        }
        Ok(())
    }
}

pub fn labels(value: &Value) -> BTreeMap<String, String> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

pub fn selects(selector: &Value, workload: &Workload<'_>) -> bool {
    let selector = labels(selector);
    !selector.is_empty() && selector.iter().all(|(name, value)| workload.labels.get(name) == Some(value))
}
