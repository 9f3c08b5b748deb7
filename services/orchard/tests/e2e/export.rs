//! The export of what all services store about a user.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use orchard_proto::edge::v1 as edge;
use orchard_proto::edge::v1::edge_service_client::EdgeServiceClient;
use orchard_testkit::answer::{refused, violations};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::suite::{Suite, id};

impl Suite {
    async fn export(&self, user: Uuid, resume_token: &str) -> Result<Vec<edge::ExportMeResponse>, Status> {
        let mut client = EdgeServiceClient::new(self.user(user).expect("a client"));
        let request = edge::ExportMeRequest { resume_token: resume_token.to_owned() };
        client.export_me(request).await?.into_inner().try_collect().await
    }
}

#[tokio::test]
async fn an_export_has_the_rows_of_all_services_and_can_be_resumed_after_any() -> anyhow::Result<()> {
    let mut suite = Suite::start().await?;
    let people = suite.people().await?;
    let me = people.of("me");
    suite.deposit(&people.plan, 100).await?;
    suite.consult(me, &people.plan).await?;
    // What is under way changes rows.
    for (_, slice) in suite.slices() {
        slice.schema.until("SELECT count(*) FROM outbox", 0).await?;
    }
    let all = suite.export(me, "").await?;
    let mut tables: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let row = |exported: &edge::ExportMeResponse| exported.row.clone().expect("a row");
    let rows: Vec<edge::ExportedRow> = all.iter().map(row).collect();
    for row in &rows {
        tables.entry(&row.service).or_default().insert(&row.record.as_ref().expect("a record").table);
    }
    for (service, table) in [
        ("consultation", "consultation_sessions"),
        ("family", "family_members"),
        ("recipe", "user_recipes"),
        ("recipe", "recipe_reviews"),
        ("social", "users"),
        ("social", "friendships"),
        ("social", "challenge_participants"),
    ] {
        assert!(tables[service].contains(table), "{service}: {tables:?}");
    }
    let text = format!("{rows:?}");
    assert!(text.contains("<me>"));
    for other in ["public", "silent", "friend", "blocked", "relative", "guest", "private"] {
        assert!(!text.contains(&format!("<{other}>")), "{other}");
    }

    for index in [0, all.len() / 3, all.len() / 2, all.len() - 1] {
        let rest = suite.export(me, &all[index].resume_token).await?;
        assert_eq!(rest.iter().map(row).collect::<Vec<_>>(), rows[index + 1..], "after row {index}");
    }
    let token = all[0].resume_token.as_str();
    assert_eq!(violations(suite.export(id(), token).await), ["resume_token"]);
    for bad in ["x", "social:x", &format!("edge:{token}")] {
        assert_eq!(violations(suite.export(me, bad).await), ["resume_token"], "{bad}");
    }

    // A service that is away ends the stream, which goes on once it is back.
    suite.social.stop().await?;
    let mut client = EdgeServiceClient::new(suite.user(me)?);
    let mut stream = client.export_me(edge::ExportMeRequest::default()).await?.into_inner();
    let mut before = Vec::new();
    let end = loop {
        match stream.message().await {
            Ok(Some(row)) => before.push(row),
            Ok(None) => anyhow::bail!("an export without the rows of social"),
            Err(status) => break status,
        }
    };
    assert_eq!(refused(Err::<(), _>(end)), (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned()));
    let settings = suite.social_settings();
    suite.social.start_again::<orchard_social::Service>(&settings).await?;
    let rest = suite.export(me, &before.last().expect("a row").resume_token).await?;
    assert_eq!(before.iter().chain(&rest).map(row).collect::<Vec<_>>(), rows);
    Ok(())
}
