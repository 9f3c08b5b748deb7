use orchard_proto::DESCRIPTORS;
use orchard_testkit::matrix::Actor::{Service, ServiceForUser};
use orchard_testkit::matrix::Admits::Only;
use orchard_testkit::matrix::{Table, USERS, findings};

use crate::world::World;

const TABLE: &Table = &[
    ("ProfileService/RegisterProfile", Only(&[&[Service("identity"), ServiceForUser("identity")]])),
    ("ProfileService/GetProfile", Only(&[USERS])),
    ("ChallengeService/CreateChallenge", Only(&[USERS])),
    ("ChallengeService/GetChallenge", Only(&[USERS])),
    ("ChallengeService/JoinChallenge", Only(&[USERS])),
    ("ChallengeService/CountActiveChallenges", Only(&[&[Service("edge"), ServiceForUser("edge")]])),
    ("ProgressService/RecordProgress", Only(&[USERS])),
];

#[tokio::test]
async fn each_method_admits_those_it_is_for() -> anyhow::Result<()> {
    let slice = World::start().await?.slice;
    let findings = findings(&slice.running.channel()?, &slice.keys, DESCRIPTORS, "orchard.social.v1", TABLE).await?;
    assert_eq!(findings, Vec::<String>::new());
    Ok(())
}
