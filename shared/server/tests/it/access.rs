use orchard_testkit::keys::DevKeys;
use orchard_testkit::matrix::Actor::{self, Moderator, Operator, Service, ServiceForUser};
use orchard_testkit::matrix::Admits::{Everybody, Hidden, Only};
use orchard_testkit::matrix::{Table, USERS, findings};
use orchard_testkit::probe::{DESCRIPTORS, Probe};
use orchard_testkit::service::{Running, options};
use tonic::Request;

const PACKAGE: &str = "orchard.probe.v1";
const EDGE: &[Actor] = &[Service("edge"), ServiceForUser("edge")];

async fn found(front_door: bool, table: &Table) -> anyhow::Result<Vec<String>> {
    let keys = DevKeys::ephemeral()?;
    let mut server = Probe::new(|request: Request<String>| async { Ok(request.into_inner()) }).server();
    server.front_door = front_door;
    let running = Running::start(server, &options(&keys)).await?;
    findings(&running.channel()?, &keys, DESCRIPTORS, PACKAGE, table).await
}

/// Tests each kind of caller that a contract can name, and a method that returns a stream.
#[tokio::test]
async fn each_kind_of_caller_is_admitted_only_where_the_contract_says() -> anyhow::Result<()> {
    let table = [
        ("ProbeService/Read", Only(&[USERS, EDGE])),
        ("ProbeService/Write", Only(&[USERS, EDGE])),
        ("ProbeService/Watch", Only(&[USERS, EDGE])),
        ("ProbeService/Greet", Everybody),
        ("ProbeService/Moderate", Only(&[&[Moderator]])),
        ("ProbeService/Operate", Only(&[&[Operator]])),
        ("ProbeService/Deliver", Only(&[EDGE])),
    ];
    assert_eq!(found(false, &table).await?, Vec::<String>::new());
    // A front door hides methods that only services may call.
    let outside = table.map(|(method, admits)| (method, if method == "ProbeService/Deliver" { Hidden } else { admits }));
    assert_eq!(found(true, &outside).await?, Vec::<String>::new());
    Ok(())
}

/// The matrix finds missing and wrong rows.
#[tokio::test]
async fn the_matrix_finds_missing_and_wrong_rows() -> anyhow::Result<()> {
    let table = [
        ("ProbeService/Read", Everybody),
        ("ProbeService/Write", Hidden),
        ("ProbeService/Watch", Only(&[USERS])),
        ("ProbeService/Greet", Everybody),
        ("ProbeService/Moderate", Only(&[&[Moderator, Operator]])),
        ("ProbeService/Purge", Everybody),
        ("ProbeService/Deliver", Only(&[EDGE])),
    ];
    let found = found(false, &table).await?;
    let actors = Actor::all().len();
    let of = |method: &str| found.iter().filter(|finding| finding.starts_with(&format!("ProbeService/{method} "))).count();
    // Read: those who are not admitted although the table says so. Write: all, because they get another code.
    assert_eq!((of("Read"), of("Write")), (actors - USERS.len() - 1, actors));
    assert_eq!(found.iter().filter(|finding| finding.contains("Watch")).collect::<Vec<_>>().len(), 1, "{found:#?}");
    assert!(found.contains(&"ProbeService/Operate has no row".to_owned()), "{found:#?}");
    assert!(found.contains(&"ProbeService/Purge is no method".to_owned()), "{found:#?}");
    assert_eq!((of("Greet"), of("Moderate"), of("Operate"), of("Deliver")), (0, 1, 1, 0), "{found:#?}");
    Ok(())
}
