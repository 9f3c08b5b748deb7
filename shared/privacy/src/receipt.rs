//! The result of an erasure.

/// The number of rows that an erasure changed, by table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt(pub(crate) Vec<TableCount>);

/// The number of rows of a table that an erasure changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableCount {
    pub(crate) table: &'static str,
    pub(crate) deleted: usize,
    /// Rows that now refer to a pseudonym.
    pub(crate) pseudonymised: usize,
}

impl Receipt {
    /// Adds the numbers of deleted and pseudonymised rows of a table, unless both are zero.
    pub fn add(&mut self, table: &'static str, deleted: usize, pseudonymised: usize) {
        if deleted + pseudonymised > 0 {
            self.0.push(TableCount { table, deleted, pseudonymised });
        }
    }
}
