//! What an import leaves out.

use std::collections::BTreeSet;

/// Properties with a value that was not carried whole.
#[derive(Debug, Default)]
pub(crate) struct Report(BTreeSet<String>);

impl Report {
    /// Notes a property.
    pub(crate) fn drop(&mut self, property: &str) {
        self.0.insert(property.to_owned());
    }

    /// Notes a property of a property.
    pub(crate) fn drop_inner(&mut self, property: &str, inner: &str) {
        self.0.insert(format!("{property}.{inner}"));
    }

    /// Returns the properties, in alphabetical order.
    pub(crate) fn into_names(self) -> Vec<String> {
        self.0.into_iter().collect()
    }
}
