//! Etags of professionals.

pub(super) fn etag(version: i64) -> String {
    version.to_string()
}

/// An etag is the version of the profile and the documents.
pub(crate) fn read_etag(etag: &str) -> Result<Option<i64>, String> {
    if etag.is_empty() {
        return Ok(None);
    }
    let version = etag.parse().ok().filter(|version: &i64| version.to_string() == etag && *version > 0);
    version.map(Some).ok_or_else(|| "must be the etag of a professional, or empty".to_owned())
}

/// Reads an etag without which the call makes no sense.
pub(crate) fn required_etag(etag: &str) -> Result<i64, String> {
    read_etag(etag)?.ok_or_else(|| "is required".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_a_version_in_one_spelling() {
        assert_eq!((read_etag(""), read_etag("7")), (Ok(None), Ok(Some(7))));
        for bad in ["0", "-1", "+1", "01", " 1", "x", "9223372036854775808"] {
            assert!(read_etag(bad).is_err(), "{bad}");
        }
        assert_eq!((required_etag("7"), required_etag("").is_err()), (Ok(7), true));
    }
}
