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
        let request = EraseUserRequest { user_id: user.to_string(), ..Default::default() };
        let erase = || {
            let (mut client, request) = (PrivacyServiceClient::new(client.clone()), request.clone());
            async move { client.erase_user(request).await }
        };
        let row = |count: TableCount| (count.table, count.rows_deleted, count.rows_pseudonymised);
        Ok(insist(erase).await?.into_inner().table_counts.into_iter().map(row).collect())
    }

    /// Returns the tables that contain one of these texts, in any column, also as bytes.
    pub async fn tables_with(&self, texts: &[String]) -> anyhow::Result<Vec<String>> {
        self.slice.schema.tables_with(texts).await
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
