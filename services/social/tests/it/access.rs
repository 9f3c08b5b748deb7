use orchard_proto::DESCRIPTORS;
use orchard_testkit::matrix::Actor::{Service, ServiceForUser};
use orchard_testkit::matrix::Admits::{Hidden, Only};
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

/// It is told of events, and tells of none.
const EVENTS: &Table = &[
    (
        "InboxService/DeliverEvents",
        Only(&[
            &[Service("consultation"), Service("family"), Service("recipe"), Service("social")],
            &[ServiceForUser("consultation"), ServiceForUser("family"), ServiceForUser("recipe"), ServiceForUser("social")],
        ]),
    ),
    ("OutboxService/ListParkedEvents", Hidden),
    ("OutboxService/ReplayParkedEvent", Hidden),
    ("OutboxService/DiscardParkedEvent", Hidden),
];

#[tokio::test]
async fn each_method_admits_those_it_is_for() -> anyhow::Result<()> {
    let slice = World::start().await?.slice;
    for (package, table) in [("orchard.social.v1", TABLE), ("orchard.events.v1", EVENTS)] {
        let findings = findings(&slice.running.channel()?, &slice.keys, DESCRIPTORS, package, table).await?;
        assert_eq!(findings, Vec::<String>::new());
    }
    Ok(())
}
