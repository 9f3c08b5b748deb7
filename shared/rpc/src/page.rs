//! Keyset pages (AIP-158) with opaque tokens, each valid for one query only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::fields::{Fields, Invalid};

const DEFAULT_SIZE: i32 = 50;
const MAX_SIZE: i32 = 200;
const TAG_BYTES: usize = 12;

/// The sort key of a list. It comes back from callers, so it must tell which values a row could have.
pub trait PageKey: Serialize + DeserializeOwned {
    /// Returns whether a row could have this key. The database is not asked for a value that it cannot hold.
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

/// A name. No list has longer ones.
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

/// A request for a page of a list. `K` is the sort key of a row.
#[derive(Debug)]
pub struct PageRequest<K> {
    /// The largest number of rows to return.
    pub size: usize,
    /// The key of the row after which the page starts.
    pub after: Option<K>,
    query: String,
}

impl<K: PageKey> PageRequest<K> {
    /// Reads `page_size` and `page_token`. `query` names the method and everything that the list depends on, including the caller:
    /// another query's token is refused.
    pub fn read(fields: &mut Fields, query: String, page_size: i32, page_token: &str) -> Result<Self, Invalid> {
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

    /// Returns the number of rows to fetch: one more than the page has, which tells whether there is a next page.
    pub fn fetch(&self) -> i64 {
        i64::try_from(self.size).unwrap_or_default() + 1
    }

    /// Cuts the fetched rows to the page's size.
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
    /// The next page's token; empty on the last page.
    pub next_page_token: String,
}

fn tag(query: &str, key: &[u8]) -> Vec<u8> {
    let digest = Sha256::new().chain_update(query).chain_update([0]).chain_update(key).finalize();
    digest.iter().copied().take(TAG_BYTES).collect()
}

/// Makes a token that is valid for `query` only.
pub fn seal<K: Serialize>(query: &str, key: &K) -> String {
    let key = serde_json::to_vec(key).unwrap_or_default();
    URL_SAFE_NO_PAD.encode([tag(query, &key), key].concat())
}

/// Returns the key in a token of `query`. The tag guards against mistakes, not attacks: a forged key only moves the start of a list, and
/// the query limits the list anyway.
pub fn open<K: DeserializeOwned>(query: &str, token: &str) -> Option<K> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (sent, key) = bytes.split_at_checked(TAG_BYTES)?;
    (sent == tag(query, key)).then(|| serde_json::from_slice(key).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Violations;

    fn read(query: &str, size: i32, token: &str) -> Result<PageRequest<i64>, Violations> {
        let mut fields = Fields::default();
        let page = PageRequest::read(&mut fields, query.to_owned(), size, token);
        fields.finish(|| page)
    }

    #[test]
    fn each_page_continues_the_one_before() {
        let first = read("q", 2, "").expect("page").page(vec![1, 2, 3], |n| *n);
        assert_eq!(first.rows, [1, 2]);
        let second = read("q", 2, &first.next_page_token).expect("page");
        assert_eq!(second.after, Some(2));
        assert_eq!(second.page(vec![3, 4], |n| *n).next_page_token, "");
    }

    #[test]
    fn tokens_of_other_queries_and_changed_tokens_are_refused() {
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
    fn a_forged_key_outside_the_databases_range_is_refused() {
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
    fn page_sizes_are_defaulted_and_capped() {
        for (asked, given) in [(0, 50), (1, 1), (200, 200), (i32::MAX, 200)] {
            assert_eq!(read("q", asked, "").expect("page").size, given);
        }
    }
}
