//! Keyset pages (AIP-158): opaque tokens that are good for one query only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{Fields, Refused};

const DEFAULT_SIZE: i32 = 50;
const MAX_SIZE: i32 = 200;
const TAG_BYTES: usize = 12;

/// The sort key of a list. It comes back from outside, so it says itself what a row could have.
pub trait PageKey: Serialize + DeserializeOwned {
    /// Whether a row could have it: the database need not be asked for what it cannot hold.
    fn is_plausible(&self) -> bool;
}

impl PageKey for i64 {
    fn is_plausible(&self) -> bool {
        *self >= 0
    }
}

impl PageKey for Uuid {
    fn is_plausible(&self) -> bool {
        true
    }
}

/// A name, of which lists have none that is longer.
impl PageKey for String {
    fn is_plausible(&self) -> bool {
        self.len() <= 1_000 && !self.contains('\0')
    }
}

impl PageKey for NaiveDate {
    fn is_plausible(&self) -> bool {
        (1..=9999).contains(&self.year())
    }
}

impl PageKey for (DateTime<Utc>, Uuid) {
    fn is_plausible(&self) -> bool {
        (1970..=9999).contains(&self.0.year())
    }
}

impl PageKey for (NaiveDate, Uuid) {
    fn is_plausible(&self) -> bool {
        (1..=9999).contains(&self.0.year())
    }
}

/// Which page of a list is asked for. `K` is the sort key of a row.
#[derive(Debug)]
pub struct PageRequest<K> {
    /// Rows to return at most.
    pub size: usize,
    /// The row to start behind.
    pub after: Option<K>,
    query: String,
}

impl<K: PageKey> PageRequest<K> {
    /// Reads `page_size` and `page_token`. `query` names the method and all that the list depends on, the caller included: a
    /// token of another query is refused.
    pub fn read(fields: &mut Fields, query: String, page_size: i32, page_token: &str) -> Result<Self, Refused> {
        let size = match page_size {
            ..0 => Err("must not be negative".to_owned()),
            0 => Ok(DEFAULT_SIZE),
            1.. => Ok(page_size.min(MAX_SIZE)),
        };
        let size = fields.read("page_size", size);
        let after = if page_token.is_empty() {
            Ok(None)
        } else {
            let key =
                open(&query, page_token).filter(K::is_plausible).ok_or_else(|| "is not of this list, or was changed".to_owned());
            fields.read("page_token", key).map(Some)
        };
        Ok(Self { size: usize::try_from(size?).unwrap_or_default(), after: after?, query })
    }

    /// How many rows to fetch: one more than asked for tells whether there are more.
    pub fn fetch(&self) -> i64 {
        i64::try_from(self.size).unwrap_or_default() + 1
    }

    /// Cuts the fetched rows to the page.
    pub fn page<R>(&self, mut rows: Vec<R>, key: impl Fn(&R) -> K) -> Page<R> {
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        let last = rows.last().filter(|_| more);
        let next_page_token = last.map(|row| seal(&self.query, &key(row))).unwrap_or_default();
        Page { rows, next_page_token }
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct Page<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Token of the next page; empty at the end.
    pub next_page_token: String,
}

fn tag(query: &str, key: &[u8]) -> Vec<u8> {
    let digest = Sha256::new().chain_update(query).chain_update([0]).chain_update(key).finalize();
    digest.iter().copied().take(TAG_BYTES).collect()
}

/// A token that is good for one query only.
pub fn seal<K: Serialize>(query: &str, key: &K) -> String {
    let key = serde_json::to_vec(key).unwrap_or_default();
    URL_SAFE_NO_PAD.encode([tag(query, &key), key].concat())
}

/// What is in a token of a query. The tag guards against mistakes, not attacks: a forged key only moves the start of a list that the query
/// confines anyway.
pub fn open<K: DeserializeOwned>(query: &str, token: &str) -> Option<K> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (sent, key) = bytes.split_at_checked(TAG_BYTES)?;
    (sent == tag(query, key)).then(|| serde_json::from_slice(key).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, size: i32, token: &str) -> Result<PageRequest<i64>, crate::Violations> {
        let mut fields = Fields::default();
        let page = PageRequest::read(&mut fields, query.to_owned(), size, token);
        fields.finish(|| page)
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let first = read("q", 2, "").expect("page").page(vec![1, 2, 3], |n| *n);
        assert_eq!(first.rows, [1, 2]);
        let second = read("q", 2, &first.next_page_token).expect("page");
        assert_eq!(second.after, Some(2));
        assert_eq!(second.page(vec![3, 4], |n| *n).next_page_token, "");
    }

    #[test]
    fn foreign_and_changed_tokens_are_refused() {
        let token = read("q", 1, "").expect("page").page(vec![1, 2], |n| *n).next_page_token;
        assert!(read("other", 1, &token).is_err());
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert!(read("q", 1, &String::from_utf8(changed).expect("ascii")).is_err(), "{index}");
        }
        assert!(read("q", -1, "").is_err());
        assert!(read("q", 1, "*").is_err());
    }

    #[test]
    fn a_forged_key_is_refused_before_the_database_chokes_on_it() {
        let forged = seal("q", &(DateTime::<Utc>::MIN_UTC, Uuid::nil()));
        let mut fields = Fields::default();
        let page = PageRequest::<(DateTime<Utc>, Uuid)>::read(&mut fields, "q".to_owned(), 1, &forged);
        assert!(fields.finish(|| page).is_err());
        assert!(read("q", 1, &seal("q", &-1_i64)).is_err());
        let forged = seal("q", &(NaiveDate::MAX, Uuid::nil()));
        let mut fields = Fields::default();
        let page = PageRequest::<(NaiveDate, Uuid)>::read(&mut fields, "q".to_owned(), 1, &forged);
        assert!(fields.finish(|| page).is_err());
        assert!(!NaiveDate::MAX.is_plausible() && NaiveDate::default().is_plausible());
        assert!(!"a\0".to_owned().is_plausible() && "apple".to_owned().is_plausible());
    }

    #[test]
    fn sizes() {
        for (asked, given) in [(0, 50), (1, 1), (200, 200), (i32::MAX, 200)] {
            assert_eq!(read("q", asked, "").expect("page").size, given);
        }
    }
}
