//! The position of an export.

use orchard_rpc::{open, seal};
use uuid::Uuid;

use crate::export::Page;
use crate::user_data::UserData;

/// The rows that are read at once, and the most that are in memory.
const PAGE: usize = 200;

/// The part that is read, by its index, and the last row that was read of it. All ids are greater than the nil UUID.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) part: usize,
    after: Uuid,
}

impl Cursor {
    /// Returns the page to read.
    pub(crate) fn page(self) -> Page {
        Page { after: self.after, limit: i64::try_from(PAGE).unwrap_or_default() }
    }

    /// Returns the cursor after a row.
    pub(crate) fn at(self, after: Uuid) -> Self {
        Self { after, ..self }
    }

    /// Returns the token that resumes the export of a user here.
    pub(crate) fn token<D: UserData>(self, user: Uuid) -> String {
        let table: &str = D::PARTS.get(self.part).copied().map_or("", Into::into);
        seal(&purpose(user), &(self.part, table, self.after))
    }

    /// Reads a token of the export of a user. Another release may export other parts.
    pub(crate) fn resumed<D: UserData>(user: Uuid, token: &str) -> Option<Self> {
        let (part, table, after): (usize, String, Uuid) = open(&purpose(user), token)?;
        let name: &str = D::PARTS.get(part).copied()?.into();
        (name == table).then_some(Self { part, after })
    }

    /// Returns the cursor after a page with so many rows, of which `last` is the last id. After a full page the part may have more rows.
    pub(crate) fn next(self, rows: usize, last: Option<Uuid>) -> Self {
        match last {
            Some(after) if rows == PAGE => Self { after, ..self },
            Some(_) | None => Self { part: self.part + 1, after: Uuid::nil() },
        }
    }
}

fn purpose(user: Uuid) -> String {
    format!("ExportUser {user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_with_a_page_that_is_not_full() {
        let last = Uuid::from_u128(7);
        let start = Cursor::default();
        let more = start.next(PAGE, Some(last));
        assert_eq!((more.part, more.page().after), (0, last));
        for (rows, last) in [(PAGE - 1, Some(last)), (0, None)] {
            assert_eq!(more.next(rows, last), Cursor { part: 1, after: Uuid::nil() });
        }
    }
}
