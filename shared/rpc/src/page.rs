//! Keyset pages (AIP-158) with opaque tokens, each valid for one query only.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::fields::{Fields, Invalid, Violations};
use crate::read;
use crate::seal::{open, seal};

const DEFAULT_SIZE: i32 = 50;
const MAX_SIZE: i32 = 200;

/// The sort key of a list. It comes back only as it was sent, because tokens are sealed.
pub trait PageKey: Serialize + DeserializeOwned {}

impl<K: Serialize + DeserializeOwned> PageKey for K {}

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
            let key = open(&query, page_token).ok_or_else(|| "is not of this list, or was changed".to_owned());
            fields.read("page_token", key).map(Some)
        };
        Ok(Self { size: usize::try_from(size?).unwrap_or_default(), after: after?, query })
    }

    /// Reads the page of a request that has no other fields. See [`Self::read`].
    pub fn alone(query: String, page_size: i32, page_token: &str) -> Result<Self, Violations> {
        let mut fields = Fields::default();
        let page = Self::read(&mut fields, query, page_size, page_token);
        fields.finish(|| page)
    }

    /// Reads the page of a list of `method` about one thing, whose id is in the field `name`, and that id.
    pub fn about(
        method: &str,
        caller: Uuid,
        (name, id): (&str, &str),
        page_size: i32,
        page_token: &str,
    ) -> Result<(Uuid, Self), Violations> {
        let mut fields = Fields::default();
        let query = format!("{method} {id} {caller}");
        let id = fields.read(name, read::uuid(id));
        let page = Self::read(&mut fields, query, page_size, page_token);
        fields.finish(|| Ok((id?, page?)))
    }

    /// Returns the number of rows to fetch: one more than the page has, which tells whether there is a next page.
    pub fn fetch(&self) -> i64 {
        i64::try_from(self.size).unwrap_or_default() + 1
    }

    /// Returns the token of the page that starts after a row. [`page`](Self::page) gives it for lists that are cut by their size alone.
    pub fn token(&self, key: &K) -> String {
        seal(&self.query, key)
    }

    /// Cuts the fetched rows to the page's size.
    pub fn page<R>(&self, mut rows: Vec<R>, key: impl Fn(&R) -> K) -> Page<R> {
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        let last = rows.last().filter(|_| more);
        let next_page_token = last.map(|row| self.token(&key(row))).unwrap_or_default();
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
    fn tokens_of_other_queries_are_refused() {
        let token = read("q", 1, "").expect("page").page(vec![1, 2], |n| *n).next_page_token;
        assert!(read("q", 1, &token).is_ok() && read("other", 1, &token).is_err());
        assert!(read("q", -1, "").is_err());
        assert!(read("q", 1, "*").is_err());
    }

    #[test]
    fn page_sizes_are_defaulted_and_capped() {
        for (asked, given) in [(0, 50), (1, 1), (200, 200), (i32::MAX, 200)] {
            assert_eq!(read("q", asked, "").expect("page").size, given);
        }
    }
}
