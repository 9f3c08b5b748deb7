//! Who may call which method, and then on whose plan.

use orchard_proto::DESCRIPTORS;
use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refusal;
use orchard_testkit::matrix::Actor::{Operator, Service, ServiceForUser};
use orchard_testkit::matrix::Admits::{Hidden, Only};
use orchard_testkit::matrix::{Method, Table, USERS, call, findings, gaps, naming};
use pb::MemberRole;
use prost::Message as _;
use prost_types::FieldMask;
use uuid::Uuid;

use crate::world::{World, euros, id, spend};

const PACKAGE: &str = "orchard.family.v1";

const TABLE: &Table = &[
    ("PlanService/CreatePlan", Only(&[USERS])),
    ("PlanService/GetPlan", Only(&[USERS])),
    ("PlanService/GetFamilySummary", Only(&[USERS])),
    ("MemberService/ListMembers", Only(&[USERS])),
    ("MemberService/UpdateMember", Only(&[USERS])),
    ("InvitationService/CreateInvitation", Only(&[USERS])),
    ("InvitationService/AcceptInvitation", Only(&[USERS])),
    ("InvitationService/DeclineInvitation", Only(&[USERS])),
    ("InvitationService/RevokeInvitation", Only(&[USERS])),
    ("InvitationService/ListInvitations", Only(&[USERS])),
    ("InvitationService/ListMyInvitations", Only(&[USERS])),
    ("WalletService/Deposit", Only(&[&[Service("billing"), ServiceForUser("billing")]])),
    ("WalletService/Spend", Only(&[USERS])),
    ("WalletService/ListEntries", Only(&[USERS])),
    ("NutritionService/RecordIntake", Only(&[USERS])),
    ("NutritionService/UpdateIntake", Only(&[USERS])),
    ("NutritionService/DeleteIntake", Only(&[USERS])),
    ("NutritionService/ListIntakes", Only(&[USERS])),
    ("NutritionService/GetWeeklySummary", Only(&[USERS])),
];

/// It tells of events, and is told of none.
const EVENTS: &Table = &[
    ("InboxService/DeliverEvents", Hidden),
    ("OutboxService/ListParkedEvents", Only(&[&[Operator]])),
    ("OutboxService/ReplayParkedEvent", Only(&[&[Operator]])),
    ("OutboxService/DiscardParkedEvent", Only(&[&[Operator]])),
];

#[tokio::test]
async fn each_method_admits_those_it_is_for() -> anyhow::Result<()> {
    let slice = World::start().await?.slice;
    for (package, table) in [(PACKAGE, TABLE), ("orchard.events.v1", EVENTS)] {
        let findings = findings(&slice.running.channel()?, &slice.keys, DESCRIPTORS, package, table).await?;
        assert_eq!(findings, Vec::<String>::new());
    }
    Ok(())
}

const OK: &str = "";
const ROLE: &str = "ROLE_NOT_PERMITTED";
const SPEND: &str = "SPENDING_NOT_PERMITTED";
const PLAN: &str = "PLAN_NOT_FOUND";
const KIND: &str = "CALLER_NOT_ADMITTED";

/// What each of these is told of the plan: its holder, another admin, a member, a child, a guest, one who was a member, a stranger.
const OWN_PLAN: &[(&str, [&str; 7])] = &[
    ("PlanService/GetPlan", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("PlanService/GetFamilySummary", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("MemberService/ListMembers", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("MemberService/UpdateMember own name", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("MemberService/UpdateMember own privacy", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("MemberService/UpdateMember another's name", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("MemberService/UpdateMember another's privacy", [ROLE, ROLE, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("InvitationService/CreateInvitation of an admin", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("InvitationService/CreateInvitation of a guest", [OK, OK, OK, ROLE, ROLE, PLAN, PLAN]),
    ("InvitationService/RevokeInvitation of the holder's", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("InvitationService/ListInvitations", [OK, OK, OK, ROLE, ROLE, PLAN, PLAN]),
    ("WalletService/Deposit", [KIND, KIND, KIND, KIND, KIND, KIND, KIND]),
    ("WalletService/Spend", [OK, OK, OK, SPEND, SPEND, PLAN, PLAN]),
    ("WalletService/ListEntries", [OK, OK, OK, OK, ROLE, PLAN, PLAN]),
];

/// A request for a row of [`OWN_PLAN`] on any plan, which is good but for who sends it.
fn request(row: &str, plan: &str, caller: Uuid, another: Uuid) -> Option<Vec<u8>> {
    let family_plan_id = plan.to_owned();
    Some(match row {
        "PlanService/GetPlan" => pb::GetPlanRequest { family_plan_id }.encode_to_vec(),
        "PlanService/GetFamilySummary" => pb::GetFamilySummaryRequest { family_plan_id }.encode_to_vec(),
        "MemberService/ListMembers" => pb::ListMembersRequest { family_plan_id, ..Default::default() }.encode_to_vec(),
        "MemberService/UpdateMember own name" => update(plan, caller, "display_name"),
        "MemberService/UpdateMember own privacy" => update(plan, caller, "privacy_settings"),
        "MemberService/UpdateMember another's name" => update(plan, another, "display_name"),
        "MemberService/UpdateMember another's privacy" => update(plan, another, "privacy_settings"),
        "InvitationService/CreateInvitation of an admin" => invite(plan, MemberRole::Admin),
        "InvitationService/CreateInvitation of a guest" => invite(plan, MemberRole::Guest),
        "InvitationService/RevokeInvitation of the holder's" => {
            let invitation_id = family_plan_id.clone();
            pb::RevokeInvitationRequest { family_plan_id, invitation_id }.encode_to_vec()
        }
        "InvitationService/ListInvitations" => {
            pb::ListInvitationsRequest { family_plan_id, ..Default::default() }.encode_to_vec()
        }
        "WalletService/Deposit" => {
            let (reference, reason) = (id().to_string(), "Top-up".to_owned());
            pb::DepositRequest { family_plan_id, amount: euros(1), reference, reason }.encode_to_vec()
        }
        "WalletService/Spend" => spend(plan, 1, id()).encode_to_vec(),
        "WalletService/ListEntries" => pb::ListEntriesRequest { family_plan_id, ..Default::default() }.encode_to_vec(),
        _ => return None,
    })
}

fn update(plan: &str, user: Uuid, path: &str) -> Vec<u8> {
    let (family_plan_id, user_id, display_name) = (plan.to_owned(), user.to_string(), "Bob".to_owned());
    let member = pb::Member { family_plan_id, user_id, display_name, ..Default::default() };
    let update_mask = Some(FieldMask { paths: vec![path.to_owned()] });
    pb::UpdateMemberRequest { member: Some(member), update_mask }.encode_to_vec()
}

fn invite(plan: &str, role: MemberRole) -> Vec<u8> {
    let (family_plan_id, invitee_user_id, request_id) = (plan.to_owned(), id().to_string(), id().to_string());
    pb::CreateInvitationRequest { family_plan_id, invitee_user_id, role: role.into(), request_id, ..Default::default() }
        .encode_to_vec()
}

impl World {
    /// A plan with money and one of each role in it, in the order of [`OWN_PLAN`].
    async fn one_of_each(&self) -> anyhow::Result<(String, [Uuid; 7])> {
        let people: [Uuid; 7] = std::array::from_fn(|_| id());
        let plan = self.family(people[0]).await?;
        let roles = [MemberRole::Admin, MemberRole::Member, MemberRole::Child, MemberRole::Guest, MemberRole::Member];
        for (user, role) in people[1..].iter().zip(roles) {
            self.join(&plan, people[0], *user, role).await?;
        }
        // There is no leaving yet.
        let left = "WITH gone AS (UPDATE family_members SET is_active = false WHERE user_id = $1 RETURNING family_plan_id)
            UPDATE family_plans SET active_members = active_members - 1 WHERE id = (SELECT family_plan_id FROM gone)";
        let client = self.slice.schema.connect().await?;
        assert_eq!(client.execute(left, &[&people[5]]).await?, 1);
        self.deposit(&plan, 1_000, &id().to_string()).await?;
        // An invitation by the holder, of the plan's id: so a row finds it.
        let invite = "INSERT INTO family_invitations (id, family_plan_id, invited_by, token_hash, role, expires_at)
            VALUES ($1, $1, $2, uuid_send($1), 'guest', now() + interval '1 day')";
        client.execute(invite, &[&Uuid::parse_str(&plan)?, &people[0]]).await?;
        Ok((plan, people))
    }

    async fn told(&self, methods: &[Method], row: &str, plan: &str, caller: Uuid, another: Uuid) -> anyhow::Result<String> {
        let method = methods.iter().find(|method| row.split(' ').next() == Some(&method.name)).expect("a method");
        let message = request(row, plan, caller, another).expect("a request");
        let answer = call(&self.slice.user(caller)?, method, message).await;
        Ok(answer.err().map(|status| refusal(&status).reason).unwrap_or_default())
    }
}

#[tokio::test]
async fn each_role_does_in_its_own_plan_what_it_may_and_nothing_in_anothers() -> anyhow::Result<()> {
    let world = World::start().await?;
    let methods = naming(DESCRIPTORS, PACKAGE, "family_plan_id")?;
    assert_eq!(gaps(&methods, OWN_PLAN.iter().map(|(row, _)| *row)), Vec::<String>::new());
    let (plan, people) = world.one_of_each().await?;
    let (others, strangers) = world.one_of_each().await?;
    for (row, expected) in OWN_PLAN {
        for (number, (caller, reason)) in people.into_iter().zip(expected).enumerate() {
            // Somebody else who is a member.
            let another = people[if number == 2 { 0 } else { 2 }];
            assert_eq!(world.told(&methods, row, &plan, caller, another).await?, *reason, "{row}, {number}");
            let hidden = if *reason == KIND { KIND } else { PLAN };
            assert_eq!(world.told(&methods, row, &others, caller, strangers[2]).await?, hidden, "{row} elsewhere, {number}");
        }
    }
    Ok(())
}
