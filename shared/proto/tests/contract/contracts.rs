//! The contracts as the rules see them: without those of Google, and with their comments.

use std::collections::{BTreeSet, HashMap};

use orchard_proto::access::v1::Access;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor,
};

/// The package of the reasons that every service may answer with.
pub const SHARED: &str = "orchard.rpc.v1";

/// A descriptor set with its comments.
pub struct Contracts {
    pub pool: DescriptorPool,
    comments: HashMap<(String, Vec<i32>), String>,
}

impl Contracts {
    pub fn decode(descriptors: &[u8]) -> Self {
        let pool = DescriptorPool::decode(descriptors).expect("descriptors");
        let mut comments = HashMap::new();
        for file in pool.files() {
            let info = file.file_descriptor_proto().source_code_info.clone().unwrap_or_default();
            for location in info.location {
                let comment = location.leading_comments().trim().to_owned();
                comments.insert((file.name().to_owned(), location.path), comment);
            }
        }
        Self { pool, comments }
    }

    /// Iterates over the files that must follow our rules; those of Google follow Google's.
    pub fn files(&self) -> impl Iterator<Item = FileDescriptor> {
        self.pool.files().filter(is_ours)
    }

    pub fn messages(&self) -> impl Iterator<Item = MessageDescriptor> {
        self.pool.all_messages().filter(|message| is_ours(&message.parent_file()) && !message.is_map_entry())
    }

    pub fn fields(&self) -> impl Iterator<Item = FieldDescriptor> {
        self.messages().flat_map(|message| message.fields().collect::<Vec<_>>())
    }

    pub fn enums(&self) -> impl Iterator<Item = EnumDescriptor> {
        self.pool.all_enums().filter(|kind| is_ours(&kind.parent_file()))
    }

    pub fn services(&self) -> impl Iterator<Item = ServiceDescriptor> {
        self.pool.services().filter(|service| is_ours(&service.parent_file()))
    }

    pub fn methods(&self) -> impl Iterator<Item = MethodDescriptor> {
        self.services().flat_map(|service| service.methods().collect::<Vec<_>>())
    }

    /// Returns the packages that have services.
    pub fn serving_packages(&self) -> BTreeSet<String> {
        self.services().map(|service| service.package_name().to_owned()).collect()
    }

    /// Returns the comment above the element at `path`, or an empty string.
    pub fn comment(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.comments.get(&(file.name().to_owned(), path.to_vec())).map_or("", String::as_str)
    }

    /// Returns the access option of a method.
    pub fn access(&self, method: &MethodDescriptor) -> Option<Access> {
        let option = self.pool.get_extension_by_name("orchard.access.v1.access")?;
        let options = method.options();
        let value = options.has_extension(&option).then(|| options.get_extension(&option))?;
        Access::decode(value.as_message()?.encode_to_vec().as_slice()).ok()
    }

    /// Returns the reasons of a package without their prefix, each with its comment.
    pub fn reasons(&self, package: &str) -> HashMap<String, &str> {
        let Some(reasons) = self.pool.get_enum_by_name(&format!("{package}.ErrorReason")) else { return HashMap::new() };
        let file = reasons.parent_file();
        let sent = reasons.values().filter(|value| value.number() != 0);
        sent.map(|value| {
            let name = value.name().trim_start_matches("ERROR_REASON_").to_owned();
            (name, self.comment(&file, value.path()))
        })
        .collect()
    }
}

fn is_ours(file: &FileDescriptor) -> bool {
    !file.name().starts_with("google/")
}

/// Returns whether a name is `lower_snake_case`.
pub fn is_snake_case(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('_').all(is_word)
}

/// Converts `WalletService` to `wallet_service`.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
