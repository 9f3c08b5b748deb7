//! gRPC reflection of the served methods only.

use anyhow::Context as _;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::service::RoutesBuilder;
use tonic_reflection::server::Builder;

use crate::access::AccessTable;

/// The largest request, which is a name. Callers need no token.
const MAX_REQUEST_BYTES: usize = 4 * 1024;

/// Adds reflection of the methods in `access`: v1, and v1alpha for older clients.
pub(crate) fn add(routes: &mut RoutesBuilder, contracts: &[u8], access: &AccessTable) -> anyhow::Result<()> {
    let mut set = FileDescriptorSet::decode(contracts).context("cannot read the contracts")?;
    for file in &mut set.file {
        let package = file.package().to_owned();
        for service in &mut file.service {
            let path = format!("/{package}.{}/", service.name());
            service.method.retain(|method| access.contains(&format!("{path}{}", method.name())));
        }
        file.service.retain(|service| !service.method.is_empty());
    }
    serve(routes, set)
}

/// Adds reflection of the health service, which is all that the admin port serves.
pub(crate) fn add_health(routes: &mut RoutesBuilder) -> anyhow::Result<()> {
    serve(routes, FileDescriptorSet::decode(tonic_health::pb::FILE_DESCRIPTOR_SET).context("cannot read the health contract")?)
}

fn serve(routes: &mut RoutesBuilder, set: FileDescriptorSet) -> anyhow::Result<()> {
    let builder = || Builder::configure().register_file_descriptor_set(set.clone());
    routes.add_service(builder().build_v1()?.max_decoding_message_size(MAX_REQUEST_BYTES));
    routes.add_service(builder().build_v1alpha()?.max_decoding_message_size(MAX_REQUEST_BYTES));
    Ok(())
}
