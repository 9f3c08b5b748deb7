//! Documents by which operators verify professionals.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A document that is stored elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub kind: DocumentKind,
    pub url: String,
    /// The document's SHA-256 in lower-case hexadecimal digits, by which a changed one is noticed.
    pub sha256: String,
}

/// What a document proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Identity,
    Licence,
    Degree,
    Certificate,
    Insurance,
}

/// The column with the documents. A list that cannot be read is a fault, not an empty list.
#[derive(Debug, FromSqlRow)]
pub(super) struct Documents(pub(super) Vec<Document>);

impl FromSql<Jsonb, Pg> for Documents {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let json = <Value as FromSql<Jsonb, Pg>>::from_sql(value)?;
        Ok(Self(serde_json::from_value(json)?))
    }
}
