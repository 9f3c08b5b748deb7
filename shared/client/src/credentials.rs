//! The tokens of a call.

use orchard_rpc::USER_TOKEN;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::workload::InvalidKey;

/// Why a call cannot be made: a fault of the calling service itself.
#[derive(Debug, thiserror::Error)]
pub enum Unsendable {
    /// A token has characters that a header cannot carry.
    #[error("the token has characters that a header cannot carry")]
    Token,
    /// The workload cannot sign its token.
    #[error(transparent)]
    Key(#[from] InvalidKey),
}

/// The tokens of a call from one service to another.
#[derive(Debug, Clone)]
pub struct Credentials {
    workload_token: MetadataValue<Ascii>,
    user_token: Option<MetadataValue<Ascii>>,
}

impl Credentials {
    pub(crate) fn new(workload_token: &str, user_token: Option<&str>) -> Result<Self, Unsendable> {
        Ok(Self { workload_token: bearer(workload_token)?, user_token: user_token.map(bearer).transpose()? })
    }
}

fn bearer(token: &str) -> Result<MetadataValue<Ascii>, Unsendable> {
    let mut value: MetadataValue<_> = format!("Bearer {token}").parse().map_err(|_| Unsendable::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.workload_token.clone());
        if let Some(token) = &self.user_token {
            metadata.insert(USER_TOKEN, token.clone());
        }
        Ok(request)
    }
}
