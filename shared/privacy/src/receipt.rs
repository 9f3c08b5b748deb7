//! What an erasure did.

/// How much of each table was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt(pub(crate) Vec<Erased>);

/// How much of a table was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Erased {
    pub(crate) table: &'static str,
    /// Rows that are gone.
    pub(crate) deleted: usize,
    /// Rows that name a pseudonym.
    pub(crate) pseudonymised: usize,
}

impl Receipt {
    /// Adds what was erased of a table, if it was anything: rows that are gone, and rows that name a pseudonym.
    pub fn add(&mut self, table: &'static str, deleted: usize, pseudonymised: usize) {
        if deleted + pseudonymised > 0 {
            self.0.push(Erased { table, deleted, pseudonymised });
        }
    }
}
