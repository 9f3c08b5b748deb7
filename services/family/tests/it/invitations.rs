use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use pb::MemberRole;
use std::sync::Arc;
use tokio::task::JoinSet;

use crate::world::{World, denied, exists, failed, id, insist, not_found};

mod ended;
mod listed;

/// Returns the id of a created invitation.
pub fn named(made: pb::CreateInvitationResponse) -> String {
    made.invitation.expect("an invitation").invitation_id
}

#[tokio::test]
async fn an_invited_user_joins_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, invitee, other) = (id(), id(), id());
    let plan = world.family(holder).await?;
    let invited = world.invite(&plan, holder, Some(invitee), MemberRole::Child).await?;
    assert_eq!(invited.token, "", "an invitation that names a user has no token");
    let invitation = invited.invitation.expect("an invitation").invitation_id;

    let not_found = not_found("INVITATION_NOT_FOUND");
    assert_eq!(refused(world.accept(other, &invitation).await), not_found, "only the invitee may accept");
    let member = world.accept(invitee, &invitation).await?;
    assert_eq!((member.user_id.clone(), member.role()), (invitee.to_string(), MemberRole::Child));
    assert_eq!(world.accept(invitee, &invitation).await?, member, "accepting again changes nothing");
    assert_eq!(world.summary(&plan, holder).await?.active_members, 2);

    let again = world.invite(&plan, holder, Some(invitee), MemberRole::Member).await;
    assert_eq!(refused(again), exists("ALREADY_MEMBER"));
    Ok(())
}

#[tokio::test]
async fn a_token_is_accepted_once_and_only_its_hash_is_stored() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, first, second) = (id(), id(), id());
    let plan = world.family(holder).await?;
    let token = world.invite(&plan, holder, None, MemberRole::Guest).await?.token;
    assert_eq!(world.accept_token(first, &token).await?.role(), MemberRole::Guest);
    let used = world.accept_token(second, &token).await;
    assert_eq!(refused(used), failed("INVITATION_NOT_PENDING"));
    let guessed = world.accept_token(second, &"A".repeat(43)).await;
    assert_eq!(refused(guessed), not_found("INVITATION_NOT_FOUND"));

    let client = world.slice.schema.connect().await?;
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
    let tables: Vec<String> = client.query(tables, &[]).await?.iter().map(|row| row.get(0)).collect();
    let mut stored = String::new();
    for table in &tables {
        let rows = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        stored += &client.query_one(&rows, &[]).await?.get::<_, String>(0);
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let secret = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &token)?;
    for secret in [token.clone(), hex(&secret), hex(token.as_bytes())] {
        assert!(!stored.contains(&secret), "the secret is stored: {stored}");
    }
    let hash: Vec<u8> = client.query_one("SELECT token_hash FROM family_invitations", &[]).await?.get(0);
    assert!(stored.contains(&hex(&hash)), "the search does not find the hash");
    Ok(())
}

#[tokio::test]
async fn users_do_not_invite_themselves() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    let request = pb::CreateInvitationRequest {
        family_plan_id: plan.clone(),
        invitee_user_id: holder.to_string(),
        role: MemberRole::Member.into(),
        request_id: id().to_string(),
        ..Default::default()
    };
    assert_eq!(violations(world.invitations(holder)?.create_invitation(request).await), ["invitee_user_id"]);
    let token = world.invite(&plan, holder, None, MemberRole::Member).await?.token;
    let own = world.accept_token(holder, &token).await;
    assert_eq!(refused(own), exists("ALREADY_MEMBER"));
    assert_eq!(world.accept_token(id(), &token).await?.role(), MemberRole::Member, "the token is still valid for others");
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_creates_one_invitation_and_returns_its_token_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    let request = pb::CreateInvitationRequest {
        family_plan_id: plan,
        role: MemberRole::Member.into(),
        request_id: id().to_string(),
        ..Default::default()
    };
    let first = world.invitations(holder)?.create_invitation(request.clone()).await?.into_inner();
    let again = world.invitations(holder)?.create_invitation(request).await?.into_inner();
    assert_eq!(first.invitation, again.invitation);
    assert_eq!((first.token.len(), again.token.len()), (43, 0));
    Ok(())
}

#[tokio::test]
async fn a_new_invitation_replaces_an_expired_one() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, invitee) = (id(), id());
    let plan = world.family(holder).await?;
    let stale = world.invite(&plan, holder, Some(invitee), MemberRole::Member).await?.invitation.expect("an invitation");
    let pending = world.invite(&plan, holder, Some(invitee), MemberRole::Member).await;
    assert_eq!(refused(pending), exists("ALREADY_MEMBER"));

    let client = world.slice.schema.connect().await?;
    client.execute("UPDATE family_invitations SET expires_at = now()", &[]).await?;
    let expired = failed("INVITATION_EXPIRED");
    assert_eq!(refused(world.accept(invitee, &stale.invitation_id).await), expired);
    world.join(&plan, holder, invitee, MemberRole::Member).await?;
    Ok(())
}

#[tokio::test]
async fn a_plan_has_at_most_100_pending_invitations() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    let client = world.slice.schema.connect().await?;
    client
        .execute(
            "INSERT INTO family_invitations (family_plan_id, invited_by, token_hash, role, expires_at)
             SELECT $1, $2, int4send(n), 'guest', now() + interval '1 day' FROM generate_series(1, 99) n",
            &[&uuid::Uuid::parse_str(&plan)?, &holder],
        )
        .await?;
    world.invite(&plan, holder, None, MemberRole::Guest).await?;
    let status = world.invite(&plan, holder, None, MemberRole::Guest).await.expect_err("too many");
    assert_eq!(metadata(&status, "max_pending").as_deref(), Some("100"));
    assert_eq!(refused::<()>(Err(status)), failed("INVITATION_LIMIT_REACHED"));
    client.execute("UPDATE family_invitations SET expires_at = now()", &[]).await?;
    world.invite(&plan, holder, None, MemberRole::Guest).await?;
    Ok(())
}

#[tokio::test]
async fn members_offer_no_role_above_their_own() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member, child, guest) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.join(&plan, holder, child, MemberRole::Child).await?;
    world.join(&plan, holder, guest, MemberRole::Guest).await?;
    let not_permitted = denied("ROLE_NOT_PERMITTED");
    let offer = async |inviter, role| world.invite(&plan, inviter, Some(id()), role).await;
    assert_eq!(refused(offer(member, MemberRole::Admin).await), not_permitted);
    assert_eq!(refused(offer(child, MemberRole::Guest).await), not_permitted);
    assert_eq!(refused(offer(guest, MemberRole::Guest).await), not_permitted);
    offer(member, MemberRole::Member).await?;
    offer(holder, MemberRole::Admin).await?;
    Ok(())
}

/// Without the lock of the plan and the CHECK on its counter, several calls would see five seats taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_fifty_concurrent_acceptances_gets_the_last_seat() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let holder = id();
    let plan = world.family(holder).await?;
    for _ in 0..4 {
        world.join(&plan, holder, id(), MemberRole::Member).await?;
    }
    let mut invitations = Vec::new();
    for _ in 0..50 {
        let invitee = id();
        let invited = world.invite(&plan, holder, Some(invitee), MemberRole::Member).await?;
        invitations.push((invitee, invited.invitation.expect("an invitation").invitation_id));
    }
    let mut accepts = JoinSet::new();
    for (invitee, invitation) in invitations {
        let world = Arc::clone(&world);
        accepts.spawn(async move { insist(|| world.accept(invitee, &invitation)).await });
    }
    let answers = accepts.join_all().await;
    let (seated, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((seated.len(), others.len()), (1, 49));
    for status in others.into_iter().filter_map(Result::err) {
        assert_eq!(metadata(&status, "max_members").as_deref(), Some("6"), "{status}");
        assert_eq!(refused::<()>(Err(status)), failed("PLAN_FULL"));
    }
    let client = world.slice.schema.connect().await?;
    let seats = client.query_one("SELECT count(*) FROM family_members WHERE is_active", &[]).await?;
    assert_eq!(seats.get::<_, i64>(0), 6);
    assert_eq!(world.summary(&plan, holder).await?.active_members, 6);
    Ok(())
}

#[tokio::test]
async fn a_former_member_who_repeats_a_request_gets_not_found() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member, invitee) = (id(), id(), id());
    let plan = world.family(holder).await?;
    let offered = world.invite(&plan, holder, Some(member), MemberRole::Member).await?;
    let offered = offered.invitation.expect("an invitation").invitation_id;
    world.accept(member, &offered).await?;
    let request = pb::CreateInvitationRequest {
        family_plan_id: plan.clone(),
        invitee_user_id: invitee.to_string(),
        role: MemberRole::Guest.into(),
        relationship: String::new(),
        ttl: None,
        request_id: id().to_string(),
    };
    world.invitations(member)?.create_invitation(request.clone()).await?;
    world.ban(&plan, holder, member).await?;
    let again = world.invitations(member)?.create_invitation(request).await;
    assert_eq!(refused(again), not_found("PLAN_NOT_FOUND"));
    assert_eq!(refused(world.accept(member, &offered).await), failed("INVITATION_NOT_PENDING"));

    let request = pb::CreateInvitationRequest {
        family_plan_id: plan,
        invitee_user_id: id().to_string(),
        role: MemberRole::Guest.into(),
        relationship: String::new(),
        ttl: None,
        request_id: id().to_string(),
    };
    world.invitations(holder)?.create_invitation(request.clone()).await?;
    world.erase(request.invitee_user_id.parse()?).await?;
    let again = world.invitations(holder)?.create_invitation(request).await;
    assert_eq!(refused(again), not_found("INVITATION_NOT_FOUND"), "the invitation was deleted with the invitee");
    Ok(())
}
