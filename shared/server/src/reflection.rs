//! gRPC reflection of the served methods only.

use anyhow::Context as _;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::service::RoutesBuilder;
use tonic_reflection::server::Builder;

use crate::access::AccessTable;

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
    let builder = || Builder::configure().register_file_descriptor_set(set.clone());
    routes.add_service(builder().build_v1()?);
    routes.add_service(builder().build_v1alpha()?);
    Ok(())
}
