//! A slice that accepts only the edge, by mutual TLS.

use std::time::Duration;

use orchard_db::Db;
use orchard_proto::family::v1::GetPlanRequest;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_server::{DatabaseOptions, ServeOptions, slice_server};
use orchard_testkit::certificates::Authority;
use orchard_testkit::client::Headers;
use orchard_testkit::folder::Folder;
use orchard_testkit::service::{Running, options};
use orchard_tls::{ListenerTlsOptions, UpstreamTlsOptions};

use crate::suite::{Suite, id};

#[tokio::test]
async fn the_edge_and_a_slice_authenticate_each_other() -> anyhow::Result<()> {
    let (suite, authority, files) = (Suite::start().await?, Authority::new()?, Folder::new()?);
    let ca = files.put("ca.pem", authority.pem())?;
    let (family, edge) = (authority.issue(&["localhost"])?, authority.issue(&["edge"])?);
    let tls = ListenerTlsOptions {
        tls_cert_file: Some(files.put("family.pem", &family.cert_pem)?),
        tls_key_file: Some(files.put("family.key", &family.key_pem)?),
        tls_client_ca_file: Some(ca.clone()),
    };
    let database = DatabaseOptions::for_url(suite.family.schema.url(), 8);
    let db = Db::new(database.url()?, 8, &database.limits())?;
    let serve = ServeOptions { tls, ..options(&suite.keys) };
    let slice = slice_server::<orchard_family::Service>(&db, &suite.family_settings(), &serve)?;
    let slice = Running::start(slice, &serve).await?;

    let mut settings = suite.settings.clone();
    settings.family_url = format!("https://localhost:{}", slice.address.port()).parse()?;
    let serve = options(&suite.keys);
    let without = orchard_edge::server(&settings, &serve).map(|_| ());
    assert!(format!("{:#}", without.expect_err("no authorities")).contains("--upstream-ca-file"));

    settings.calls.tls = UpstreamTlsOptions {
        upstream_ca_file: Some(ca),
        upstream_cert_file: Some(files.put("edge.pem", &edge.cert_pem)?),
        upstream_key_file: Some(files.put("edge.key", &edge.key_pem)?),
    };
    let edge = Running::start(orchard_edge::server(&settings, &serve)?, &serve).await?;
    let holder = id();
    let family_plan_id = suite.plan(holder).await?;
    let token = suite.keys.user_token(holder, &[], Duration::from_secs(600))?;
    let mut plans = PlanServiceClient::new(Headers::bearer(&token)?.on(edge.channel()?));
    let plan = plans.get_plan(GetPlanRequest { family_plan_id: family_plan_id.clone() }).await?.into_inner().plan;
    assert_eq!(plan.expect("a plan").family_plan_id, family_plan_id);
    Ok(())
}
