//! Texts that people see, in every request.

use orchard_proto::DESCRIPTORS;
use orchard_testkit::texts::findings;

use crate::world::{World, id};

const TEXTS: &[&str] = &[
    "AddChildRequest.display_name",
    "AddChildRequest.relationship",
    "CoordinationPreferences.address_label",
    "CreateInvitationRequest.relationship",
    "CreatePlanRequest.family_name",
    "FamilyGoals.note",
    "Member.display_name",
    "Member.relationship",
    "Plan.family_name",
];

/// References of services, codes, and what the service alone sets.
const OTHERS: &[&str] = &[];

#[tokio::test]
async fn texts_that_people_see_are_visible() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, billing) = (world.slice.user(id())?, world.slice.service("billing")?);
    let client = |method: &orchard_testkit::matrix::Method| {
        Ok(match method.name.as_str() {
            "WalletService/Deposit" => billing.clone(),
            _ => user.clone(),
        })
    };
    let found = findings(DESCRIPTORS, "orchard.family.v1", (TEXTS, OTHERS), client).await?;
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}
