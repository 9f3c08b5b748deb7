//! gRPC reflection of the served methods only.

use anyhow::Context as _;
use prost::Message as _;
use prost_types::source_code_info::Location;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use tonic::service::RoutesBuilder;
use tonic_reflection::server::Builder;

use crate::access::AccessTable;

/// The largest request, which is a name. Callers need no token.
const MAX_REQUEST_BYTES: usize = 4 * 1024;

/// Adds reflection of the methods in `access`: v1, and v1alpha for older clients.
pub(crate) fn add(routes: &mut RoutesBuilder, contracts: &[u8], access: &AccessTable) -> anyhow::Result<()> {
    let mut set = FileDescriptorSet::decode(contracts).context("cannot read the contracts")?;
    set.file.iter_mut().for_each(|file| keep_served(file, access));
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

/// Removes the methods that are not in `access`, services without methods, and their comments.
fn keep_served(file: &mut FileDescriptorProto, access: &AccessTable) {
    let package = file.package().to_owned();
    let is_served = |service: &str, method: &str| access.contains(&format!("/{package}.{service}/{method}"));
    let mut services: Vec<Moved> = Vec::new();
    let mut places = 0..;
    for service in &mut file.service {
        let (name, mut within) = (service.name().to_owned(), 0..);
        let methods = service.method.iter().map(|method| is_served(&name, method.name()).then(|| within.next()).flatten());
        let methods: Vec<Option<i32>> = methods.collect();
        service.method.retain(|method| is_served(&name, method.name()));
        services.push((!service.method.is_empty()).then(|| places.next()).flatten().map(|place| (place, methods)));
    }
    file.service.retain(|service| !service.method.is_empty());
    if let Some(info) = &mut file.source_code_info {
        info.location =
            std::mem::take(&mut info.location).into_iter().filter_map(|location| moved(location, &services)).collect();
    }
}

/// The new index of a service that stays, and of each of its methods.
type Moved = Option<(i32, Vec<Option<i32>>)>;

/// Returns a comment with its new place, which is a path of indices: field 6 of a file is its services, field 2 of a service its methods.
fn moved(mut location: Location, services: &[Moved]) -> Option<Location> {
    if let [6, service, rest @ ..] = location.path.as_mut_slice() {
        let (place, methods) = services.get(usize::try_from(*service).ok()?)?.as_ref()?;
        *service = *place;
        if let [2, method, ..] = rest {
            *method = (*methods.get(usize::try_from(*method).ok()?)?)?;
        }
    }
    Some(location)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use orchard_proto::DESCRIPTORS;
    use prost_reflect::DescriptorPool;

    use super::*;

    /// Returns the comment of each method.
    fn comments(set: &FileDescriptorSet) -> HashMap<String, String> {
        let pool = DescriptorPool::decode(set.encode_to_vec().as_slice()).expect("descriptors");
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let of = |method: prost_reflect::MethodDescriptor| {
            let file = method.parent_file();
            let locations = &file.file_descriptor_proto().source_code_info.as_ref()?.location;
            let location = locations.iter().find(|location| location.path == method.path())?;
            Some((method.full_name().to_owned(), location.leading_comments.clone()?))
        };
        methods.filter_map(of).collect()
    }

    #[test]
    fn each_method_that_stays_keeps_its_own_comment() {
        let whole = FileDescriptorSet::decode(DESCRIPTORS).expect("descriptors");
        let packages = ["orchard.family.v1", "orchard.social.v1", "orchard.events.v1", "orchard.privacy.v1"];
        let access = AccessTable::from_descriptors(DESCRIPTORS, &packages).expect("a table").without_service_only();
        let mut served = whole.clone();
        served.file.iter_mut().for_each(|file| keep_served(file, &access));
        let (before, after) = (comments(&whole), comments(&served));
        assert!(after.contains_key("orchard.family.v1.WalletService.Spend") && after.len() < before.len());
        assert!(!after.contains_key("orchard.family.v1.WalletService.Deposit"));
        for (method, comment) in after {
            assert_eq!(before.get(&method), Some(&comment), "{method}");
        }
    }
}
