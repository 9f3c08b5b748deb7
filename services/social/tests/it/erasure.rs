//! Erasure: no row names the user afterwards, and other users keep what they need.

mod late;
pub mod left;
mod races;

use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::privacy::v1::{EraseUserRequest, TableCount};
use orchard_testkit::client::{Client, insist};
use tonic::Status;
use uuid::Uuid;

use crate::world::World;

impl World {
    pub async fn erase(&self, user: Uuid) -> Result<Vec<(String, i64, i64)>, Status> {
        self.erase_as(&self.slice.service("social").expect("client"), user).await
    }

    pub async fn erase_as(&self, client: &Client, user: Uuid) -> Result<Vec<(String, i64, i64)>, Status> {
        let request = EraseUserRequest { user_id: user.to_string() };
        let erase = || {
            let (mut client, request) = (PrivacyServiceClient::new(client.clone()), request.clone());
            async move { client.erase_user(request).await }
        };
        let row = |count: TableCount| (count.table, count.rows_deleted, count.rows_pseudonymised);
        Ok(insist(erase).await?.into_inner().table_counts.into_iter().map(row).collect())
    }

    /// Returns the tables that contain one of these texts, in any column, also as bytes.
    pub async fn tables_with(&self, texts: &[String]) -> anyhow::Result<Vec<String>> {
        let client = self.slice.schema.connect().await?;
        let tables = "SELECT table_name::text FROM information_schema.tables
            WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1";
        let hex = |text: &String| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let patterns: Vec<String> =
            texts.iter().flat_map(|text| [text.clone(), hex(text)]).map(|text| format!("%{text}%")).collect();
        let mut found_in = Vec::new();
        for table in client.query(tables, &[]).await? {
            let table: String = table.get(0);
            // A row as text shows bytes in hexadecimal.
            let found = format!("SELECT count(*) FROM {table} AS t WHERE t::text ILIKE ANY ($1)");
            if client.query_one(&found, &[&patterns]).await?.get::<_, i64>(0) > 0 {
                found_in.push(table);
            }
        }
        Ok(found_in)
    }

    /// Returns the number that a query selects.
    pub async fn number(&self, query: &str) -> anyhow::Result<i64> {
        Ok(self.slice.schema.connect().await?.query_one(query, &[]).await?.get(0))
    }
}

/// The texts of an id.
pub fn spellings(user: Uuid) -> Vec<String> {
    vec![user.to_string(), user.simple().to_string()]
}
