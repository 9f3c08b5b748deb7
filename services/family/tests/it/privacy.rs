//! Every method that reads, called by everyone who has to do with a family. The answers are searched for what each of them wrote.

use std::collections::{BTreeMap, BTreeSet};

use orchard_proto::DESCRIPTORS;
use orchard_proto::family::v1 as pb;
use orchard_testkit::client::Client;
use orchard_testkit::matrix::{call, gaps, methods};
use pb::MemberRole;
use prost::Message as _;
use prost::encoding::encode_varint;
use uuid::Uuid;

use crate::world::{World, euros, id, mask};

/// The users, and the texts that each of them sees.
const SEES: &[(&str, &[&str])] = &[
    ("holder", &["names", "invitations", "family", "reasons", "consultations", "own intake"]),
    ("admin", &["names", "invitations", "family", "reasons", "own intake"]),
    ("member", &["names", "invitations", "family", "reasons", "own intake"]),
    ("child", &["names", "family", "reasons", "own intake"]),
    ("guest", &["names", "own intake"]),
    ("left", &["own intake"]),
    ("banned", &["own intake"]),
    ("invited", &["own invitation", "own intake"]),
    ("stranger", &["own intake"]),
];

struct Family {
    plan: String,
    people: BTreeMap<&'static str, Uuid>,
}

/// Returns the calories that only this person ate.
fn calories(person: &str) -> i32 {
    let place = SEES.iter().position(|(name, _)| *name == person).expect("a person");
    19_001 + i32::try_from(place).expect("few")
}

impl World {
    /// Creates a family in which everyone has written every text. Each text is named after its place.
    async fn canaries(&self) -> anyhow::Result<Family> {
        let people: BTreeMap<_, _> = SEES.iter().map(|(name, _)| (*name, id())).collect();
        let of = |name: &str| people[name];
        let holder = of("holder");
        let plan = self.family(holder).await?;
        let goals = pb::FamilyGoals { note: "canary family".to_owned(), ..Default::default() };
        let address_label = "canary family".to_owned();
        let wishes = pb::CoordinationPreferences { address_label, ..Default::default() };
        let family_plan_id = plan.clone();
        let changed = pb::FamilyPlan {
            family_plan_id,
            family_name: "canary names".to_owned(),
            family_goals: Some(goals),
            coordination_preferences: Some(wishes),
            ..Default::default()
        };
        self.change(changed, holder, &["family_name", "family_goals", "coordination_preferences"]).await?;
        self.bill(&plan, pb::PlanType::Premium, 0).await?;
        let roles = [
            ("admin", MemberRole::Admin),
            ("member", MemberRole::Member),
            ("child", MemberRole::Child),
            ("guest", MemberRole::Guest),
            ("left", MemberRole::Admin),
            ("banned", MemberRole::Member),
        ];
        for (name, role) in roles {
            self.join(&plan, holder, of(name), role).await?;
        }
        for name in ["holder", "admin", "member", "child", "guest"] {
            let (family_plan_id, user_id) = (plan.clone(), of(name).to_string());
            let (display_name, relationship) = ("canary names".to_owned(), "canary names".to_owned());
            let member = pb::Member { family_plan_id, user_id, display_name, relationship, ..Default::default() };
            let update_mask = mask(&["display_name", "relationship"]);
            self.members(of(name))?.update_member(pb::UpdateMemberRequest { member: Some(member), update_mask }).await?;
        }
        self.leave(&plan, of("left")).await?;
        self.ban(&plan, holder, of("banned")).await?;
        let (family_plan_id, invitee_user_id) = (plan.clone(), of("invited").to_string());
        let invitation = pb::CreateInvitationRequest {
            family_plan_id,
            invitee_user_id,
            role: MemberRole::Guest.into(),
            relationship: "canary invitations".to_owned(),
            ttl: None,
            request_id: id().to_string(),
        };
        self.invitations(holder)?.create_invitation(invitation).await?;
        self.deposit(&plan, 10_000, "pay-1").await?;
        let (family_plan_id, reason) = (plan.clone(), "canary reasons".to_owned());
        let spend = pb::SpendRequest { family_plan_id, amount: euros(1), reason, request_id: id().to_string() };
        self.wallet(of("member"))?.spend(spend).await?;
        let (family_plan_id, reason) = (plan.clone(), "canary consultations".to_owned());
        let hold = pb::CreateHoldRequest { family_plan_id, reference: "s-1".to_owned(), amount: euros(1), reason };
        self.seller("consultation", Some(holder)).create_hold(hold).await?;
        self.capture(&plan, "s-1", None).await?;
        for (name, user) in &people {
            self.eat(*user, 0, &[calories(name)]).await?;
            self.share_nutrition_if_member(&plan, *user).await?;
        }
        Ok(Family { plan, people })
    }

    /// Shared intakes count in an average, but others cannot read them one by one.
    async fn share_nutrition_if_member(&self, plan: &str, user: Uuid) -> anyhow::Result<()> {
        if self.read(plan, user).await.is_ok() { self.share_nutrition(plan, user).await } else { Ok(()) }
    }
}

/// Returns requests of all methods that read, with all ids that they may contain.
fn requests(family: &Family) -> Vec<(&'static str, Vec<u8>)> {
    let plan = || family.plan.clone();
    let (user_id, permission) = (family.people["member"].to_string(), pb::Permission::Spend.into());
    let check = pb::CheckPermissionRequest { family_plan_id: plan(), user_id, permission };
    let mut requests = vec![
        ("PlanService/GetPlan", pb::GetPlanRequest { family_plan_id: plan() }.encode_to_vec()),
        ("PlanService/ListPlans", Vec::new()),
        ("PlanService/GetFamilySummary", pb::GetFamilySummaryRequest { family_plan_id: plan() }.encode_to_vec()),
        ("MemberService/ListMembers", pb::ListMembersRequest { family_plan_id: plan(), ..Default::default() }.encode_to_vec()),
        (
            "MemberService/ListFormerMembers",
            pb::ListFormerMembersRequest { family_plan_id: plan(), ..Default::default() }.encode_to_vec(),
        ),
        (
            "InvitationService/ListInvitations",
            pb::ListInvitationsRequest { family_plan_id: plan(), ..Default::default() }.encode_to_vec(),
        ),
        ("InvitationService/ListMyInvitations", Vec::new()),
        ("WalletService/GetWallet", pb::GetWalletRequest { family_plan_id: plan() }.encode_to_vec()),
        ("WalletService/ListEntries", pb::ListEntriesRequest { family_plan_id: plan(), ..Default::default() }.encode_to_vec()),
        ("NutritionService/ListIntakes", Vec::new()),
        ("NutritionService/GetWeeklySummary", Vec::new()),
        // Methods of services, to which users are not admitted.
        ("MemberService/CheckPermission", check.encode_to_vec()),
        (
            "MemberService/BatchGetMemberships",
            pb::BatchGetMembershipsRequest { user_ids: family.people.values().map(Uuid::to_string).collect() }.encode_to_vec(),
        ),
        ("HoldService/GetHold", pb::GetHoldRequest { family_plan_id: plan(), reference: "s-1".to_owned() }.encode_to_vec()),
    ];
    for user in family.people.values() {
        let get = pb::GetMemberRequest { family_plan_id: plan(), user_id: user.to_string() };
        requests.push(("MemberService/GetMember", get.encode_to_vec()));
    }
    requests
}

/// Adds the texts that are in an answer.
fn found(answer: &[u8], own: &str, seen: &mut BTreeSet<String>) {
    let has = |bytes: &[u8]| answer.windows(bytes.len()).any(|window| window == bytes);
    for word in ["names", "invitations", "family", "reasons", "consultations"] {
        if has(format!("canary {word}").as_bytes()) {
            seen.insert(word.to_owned());
        }
    }
    for (person, _) in SEES {
        // The field `calories_consumed` of an intake.
        let mut bytes = vec![4 << 3];
        encode_varint(u64::try_from(calories(person)).expect("positive"), &mut bytes);
        if has(&bytes) {
            seen.insert(if *person == own { "own intake".to_owned() } else { format!("intake of {person}") });
        }
    }
}

#[tokio::test]
async fn callers_read_only_what_they_may_see() -> anyhow::Result<()> {
    let world = World::start().await?;
    let family = world.canaries().await?;
    let mut reads = methods(DESCRIPTORS, "orchard.family.v1")?;
    reads.retain(|method| method.reads);
    let requests = requests(&family);
    assert_eq!(gaps(&reads, requests.iter().map(|(name, _)| *name)), Vec::<String>::new());
    let look = async |client: Client, person: &str| {
        let mut seen = BTreeSet::new();
        for (name, request) in &requests {
            let method = reads.iter().find(|method| method.name == *name).expect("a method");
            if let Ok(answer) = call(&client, method, request.clone()).await {
                found(&answer, person, &mut seen);
            }
        }
        seen
    };
    for (person, sees) in SEES {
        let seen = look(world.slice.user(family.people[person])?, person).await;
        // The invited user sees their own invitation, with the name of the family.
        let sees = sees.iter().flat_map(|word| match *word {
            "own invitation" => vec!["invitations".to_owned(), "names".to_owned()],
            word => vec![word.to_owned()],
        });
        assert_eq!(seen, sees.collect(), "{person}");
    }
    for role in ["moderator", "operator"] {
        assert_eq!(look(world.slice.user_with(id(), &[role])?, role).await, BTreeSet::new(), "{role}");
    }
    for service in ["social", "recipe", "edge", "billing", "commerce"] {
        assert_eq!(look(world.slice.service(service)?, service).await, BTreeSet::new(), "{service}");
    }
    Ok(())
}
