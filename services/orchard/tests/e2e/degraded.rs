//! Views while a process of a slice is stopped or killed.

use std::time::{Duration, Instant};

use edge::SectionState::{self, Ok as Whole, Unavailable};
use orchard_proto::edge::v1 as edge;
use orchard_proto::edge::v1::edge_service_client::EdgeServiceClient;
use orchard_testkit::answer::refused;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tonic::{Code, Request};

use crate::programs::Programs;
use crate::suite::id;

/// How long the caller waits, and the longest that a slice that is back may take to be asked again.
const LIMIT: Duration = Duration::from_secs(3);
const RECOVERY: Duration = Duration::from_secs(30);

fn signal(process: &Child, signal: Signal) -> anyhow::Result<()> {
    let pid = process.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).expect("it runs");
    Ok(kill_process(pid, signal)?)
}

/// Returns the states of one section of each slice on the home view: family, social, recipe and consultation.
async fn home(programs: &Programs, user: uuid::Uuid) -> anyhow::Result<[SectionState; 4]> {
    let mut request = Request::new(edge::GetHomeRequest {});
    request.set_timeout(LIMIT);
    let home = EdgeServiceClient::new(programs.user(user)?).get_home(request).await?.into_inner().home.expect("a home");
    let statuses = [
        home.families.and_then(|section| section.status),
        home.friends.and_then(|section| section.status),
        home.featured_recipes.and_then(|section| section.status),
        home.sessions.and_then(|section| section.status),
    ];
    Ok(statuses.map(|status| status.expect("a status").state()))
}

#[tokio::test]
async fn a_stopped_slice_and_a_killed_one_take_their_sections_away() -> anyhow::Result<()> {
    let mut programs = Programs::start(&[]).await?;
    let user = id();
    assert_eq!(home(&programs, user).await?, [Whole; 4]);

    signal(&programs.consultation.program.child, Signal::STOP)?;
    assert_eq!(home(&programs, user).await?, [Whole, Whole, Whole, Unavailable]);
    signal(&programs.consultation.program.child, Signal::CONT)?;
    let resumed = Instant::now();
    while home(&programs, user).await? != [Whole; 4] {
        assert!(resumed.elapsed() < RECOVERY, "the slice is not asked again");
    }

    programs.family.program.child.kill().await?;
    for _ in 0..20 {
        assert_eq!(home(&programs, user).await?, [Unavailable, Whole, Whole, Whole]);
    }
    let request = edge::GetFamilyDashboardRequest { family_plan_id: id().to_string() };
    let dashboard = EdgeServiceClient::new(programs.user(user)?).get_family_dashboard(request).await;
    assert_eq!(refused(dashboard), (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned()), "the heart is the view");

    // No recipe is featured, so nobody is asked whose may be shown.
    programs.social.program.child.kill().await?;
    assert_eq!(home(&programs, user).await?, [Unavailable, Unavailable, Whole, Whole]);
    Ok(())
}
