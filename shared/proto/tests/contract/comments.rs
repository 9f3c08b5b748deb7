//! Rules for comments, which clients read.

use prost_reflect::FileDescriptor;

use crate::contracts::Contracts;

/// Checks that everything with a name has a comment above it.
pub fn everything_has_a_comment(contracts: &Contracts) -> Vec<String> {
    let mut bare = Vec::new();
    let mut check = |file: &FileDescriptor, path: &[i32], name: &str| {
        if contracts.comment(file, path).is_empty() {
            bare.push(name.to_owned());
        }
    };
    for message in contracts.messages() {
        check(&message.parent_file(), message.path(), message.full_name());
        // The compiler makes a synthetic oneof for each `optional` field.
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            check(&message.parent_file(), oneof.path(), oneof.full_name());
        }
    }
    for field in contracts.fields() {
        check(&field.parent_file(), field.path(), field.full_name());
    }
    for kind in contracts.enums() {
        check(&kind.parent_file(), kind.path(), kind.full_name());
        for value in kind.values() {
            check(&kind.parent_file(), value.path(), value.full_name());
        }
    }
    for service in contracts.services() {
        check(&service.parent_file(), service.path(), service.full_name());
    }
    for method in contracts.methods() {
        check(&method.parent_file(), method.path(), method.full_name());
    }
    for extension in contracts.files().flat_map(|file| file.extensions().collect::<Vec<_>>()) {
        check(&extension.parent_file(), extension.path(), extension.full_name());
    }
    bare
}
