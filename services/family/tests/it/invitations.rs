use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use pb::MemberRole;
use std::sync::Arc;
use tokio::task::JoinSet;
use tonic::Code;

use crate::world::{World, id, insist};

mod ended;
mod listed;

/// The id of what was made.
fn named(made: pb::CreateInvitationResponse) -> String {
    made.invitation.expect("an invitation").invitation_id
}

#[tokio::test]
async fn an_invited_user_joins_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, invitee, other) = (id(), id(), id());
    let plan = world.family(holder).await?;
    let invited = world.invite(&plan, holder, Some(invitee), MemberRole::Child).await?;
    assert_eq!(invited.token, "", "an invitation of a user has no token");
    let invitation = invited.invitation.expect("an invitation").invitation_id;

    let not_found = (Code::NotFound, "INVITATION_NOT_FOUND".to_owned());
    assert_eq!(refused(world.accept(other, &invitation).await), not_found, "it is for the invitee alone");
    let member = world.accept(invitee, &invitation).await?;
    assert_eq!((member.user_id.clone(), member.role()), (invitee.to_string(), MemberRole::Child));
    assert_eq!(world.accept(invitee, &invitation).await?, member, "accepting again changes nothing");
    assert_eq!(world.summary(&plan, holder).await?.active_members, 2);

    let again = world.invite(&plan, holder, Some(invitee), MemberRole::Member).await;
    assert_eq!(refused(again), (Code::AlreadyExists, "ALREADY_MEMBER".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_token_admits_one_and_only_its_hash_is_kept() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, first, second) = (id(), id(), id());
    let plan = world.family(holder).await?;
    let token = world.invite(&plan, holder, None, MemberRole::Guest).await?.token;
    assert_eq!(world.accept_token(first, &token).await?.role(), MemberRole::Guest);
    let used = world.accept_token(second, &token).await;
    assert_eq!(refused(used), (Code::FailedPrecondition, "INVITATION_NOT_PENDING".to_owned()));
    let guessed = world.accept_token(second, &"A".repeat(43)).await;
    assert_eq!(refused(guessed), (Code::NotFound, "INVITATION_NOT_FOUND".to_owned()));

    let client = world.slice.schema.connect().await?;
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
    let tables: Vec<String> = client.query(tables, &[]).await?.iter().map(|row| row.get(0)).collect();
    let mut kept = String::new();
    for table in &tables {
        let rows = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        kept += &client.query_one(&rows, &[]).await?.get::<_, String>(0);
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let secret = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &token)?;
    for secret in [token.clone(), hex(&secret), hex(token.as_bytes())] {
        assert!(!kept.contains(&secret), "the secret itself is kept: {kept}");
    }
    let hash: Vec<u8> = client.query_one("SELECT token_hash FROM family_invitations", &[]).await?.get(0);
    assert!(kept.contains(&hex(&hash)), "what is kept was not looked at");
    Ok(())
}

#[tokio::test]
async fn nobody_invites_themselves() -> anyhow::Result<()> {
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
    assert_eq!(refused(own), (Code::AlreadyExists, "ALREADY_MEMBER".to_owned()));
    assert_eq!(world.accept_token(id(), &token).await?.role(), MemberRole::Member, "it is still good for another");
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_makes_one_invitation_and_shows_its_token_once() -> anyhow::Result<()> {
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
async fn an_expired_invitation_gives_way_to_a_new_one() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, invitee) = (id(), id());
    let plan = world.family(holder).await?;
    let stale = world.invite(&plan, holder, Some(invitee), MemberRole::Member).await?.invitation.expect("an invitation");
    let pending = world.invite(&plan, holder, Some(invitee), MemberRole::Member).await;
    assert_eq!(refused(pending), (Code::AlreadyExists, "ALREADY_MEMBER".to_owned()));

    let client = world.slice.schema.connect().await?;
    client.execute("UPDATE family_invitations SET expires_at = now()", &[]).await?;
    let expired = (Code::FailedPrecondition, "INVITATION_EXPIRED".to_owned());
    assert_eq!(refused(world.accept(invitee, &stale.invitation_id).await), expired);
    world.join(&plan, holder, invitee, MemberRole::Member).await?;
    Ok(())
}

#[tokio::test]
async fn a_plan_has_a_hundred_pending_invitations_at_most() -> anyhow::Result<()> {
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
    assert_eq!(refused::<()>(Err(status)), (Code::FailedPrecondition, "INVITATION_LIMIT_REACHED".to_owned()));
    client.execute("UPDATE family_invitations SET expires_at = now()", &[]).await?;
    world.invite(&plan, holder, None, MemberRole::Guest).await?;
    Ok(())
}

#[tokio::test]
async fn nobody_offers_more_than_they_are() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member, child, guest) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.join(&plan, holder, child, MemberRole::Child).await?;
    world.join(&plan, holder, guest, MemberRole::Guest).await?;
    let not_permitted = (Code::PermissionDenied, "ROLE_NOT_PERMITTED".to_owned());
    let offer = async |inviter, role| world.invite(&plan, inviter, Some(id()), role).await;
    assert_eq!(refused(offer(member, MemberRole::Admin).await), not_permitted);
    assert_eq!(refused(offer(child, MemberRole::Guest).await), not_permitted);
    assert_eq!(refused(offer(guest, MemberRole::Guest).await), not_permitted);
    offer(member, MemberRole::Member).await?;
    offer(holder, MemberRole::Admin).await?;
    Ok(())
}

/// Without the plan's lock and the CHECK on its counter several of the fifty see five seats taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_accept_at_once_and_one_gets_the_last_seat() -> anyhow::Result<()> {
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
        assert_eq!(refused::<()>(Err(status)), (Code::FailedPrecondition, "PLAN_FULL".to_owned()));
    }
    let client = world.slice.schema.connect().await?;
    let seats = client.query_one("SELECT count(*) FROM family_members WHERE is_active", &[]).await?;
    assert_eq!(seats.get::<_, i64>(0), 6);
    assert_eq!(world.summary(&plan, holder).await?.active_members, 6);
    Ok(())
}

#[tokio::test]
async fn who_has_lost_their_seat_learns_nothing_by_repeating_themselves() -> anyhow::Result<()> {
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
    assert_eq!(refused(again), (Code::NotFound, "PLAN_NOT_FOUND".to_owned()));
    assert_eq!(refused(world.accept(member, &offered).await), (Code::FailedPrecondition, "INVITATION_NOT_PENDING".to_owned()));

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
    assert_eq!(refused(again), (Code::NotFound, "INVITATION_NOT_FOUND".to_owned()), "it went with the invitee");
    Ok(())
}
