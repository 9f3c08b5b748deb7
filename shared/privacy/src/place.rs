//! How far an export is.

use uuid::Uuid;

use crate::Page;

/// Rows that are read at once: so many, and no more, are in memory.
const PAGE: usize = 200;

/// A part, by its number, and the last row that was read of it. Ids of all tables are above the nil one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) part: usize,
    after: Uuid,
}

impl Place {
    /// What is to be read here.
    pub(crate) fn page(self) -> Page {
        Page { after: self.after, limit: i64::try_from(PAGE).unwrap_or_default() }
    }

    /// What comes behind so many rows, the last of which has this id. A full page may not be the last of its part.
    pub(crate) fn behind(self, rows: usize, last: Option<Uuid>) -> Self {
        match last {
            Some(after) if rows == PAGE => Self { after, ..self },
            Some(_) | None => Self { part: self.part + 1, after: Uuid::nil() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_until_a_page_is_not_full() {
        let last = Uuid::from_u128(7);
        let start = Place::default();
        let more = start.behind(PAGE, Some(last));
        assert_eq!((more.part, more.page().after), (0, last));
        for (rows, last) in [(PAGE - 1, Some(last)), (0, None)] {
            assert_eq!(more.behind(rows, last), Place { part: 1, after: Uuid::nil() });
        }
    }
}
