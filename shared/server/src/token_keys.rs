//! The keys that seal page tokens, and their file.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use orchard_rpc::TokenKeys;

use crate::options::secret;

/// How often the file is read again, as files of public keys are.
const PERIOD: Duration = Duration::from_secs(10);

/// Settings of what a slice seals.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Serving")]
pub(crate) struct TokenKeyOptions {
    /// File with the keys that seal page tokens, the same for all replicas of the service: 32 bytes in base64 on each line. The first key seals, all open; read again every 10 seconds
    #[arg(long, env = "ORCHARD_TOKEN_KEYS_FILE", value_name = "FILE")]
    token_keys_file: PathBuf,
}

impl TokenKeyOptions {
    /// Installs the keys in the file, and returns the task that installs those that it has later.
    pub(crate) fn install(&self) -> anyhow::Result<impl Future<Output = Infallible> + use<>> {
        read(&self.token_keys_file)?.install();
        Ok(follow(self.token_keys_file.clone()))
    }
}

fn read(file: &Path) -> anyhow::Result<TokenKeys> {
    let text = String::from_utf8(secret(file)?).context("the file of token keys is not text")?;
    text.parse().with_context(|| format!("{} has no token keys", file.display()))
}

/// Keeps the keys in use while the file is unusable, which is logged once.
async fn follow(file: PathBuf) -> Infallible {
    let mut is_usable = true;
    loop {
        tokio::time::sleep(PERIOD).await;
        let keys = read(&file);
        if let Err(cause) = &keys
            && is_usable
        {
            tracing::error!(%cause, "token keys cannot be read again; those in use stay");
        }
        is_usable = keys.map(TokenKeys::install).is_ok();
    }
}
