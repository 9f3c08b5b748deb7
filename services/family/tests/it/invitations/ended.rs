use std::sync::Arc;

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use orchard_testkit::client::insist;
use pb::{InvitationStatus, MemberRole};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use super::named;
use crate::world::{RowLock, World, denied, failed, id, not_found};

fn not_pending() -> (Code, String) {
    failed("INVITATION_NOT_PENDING")
}

impl World {
    async fn decline(&self, user: Uuid, invitation: &str) -> Result<pb::Invitation, Status> {
        let request = pb::DeclineInvitationRequest { invitation_id: invitation.to_owned() };
        let mut client = self.invitations(user).expect("client");
        Ok(client.decline_invitation(request).await?.into_inner().invitation.expect("an invitation"))
    }

    async fn revoke(&self, plan: &str, user: Uuid, invitation: &str) -> Result<pb::Invitation, Status> {
        let (family_plan_id, invitation_id) = (plan.to_owned(), invitation.to_owned());
        let request = pb::RevokeInvitationRequest { family_plan_id, invitation_id };
        let mut client = self.invitations(user).expect("client");
        Ok(client.revoke_invitation(request).await?.into_inner().invitation.expect("an invitation"))
    }

    /// Returns the status of an invitation, whether its row was updated, and the number of active members of its plan.
    async fn state(&self, invitation: &str) -> anyhow::Result<(String, bool, i64)> {
        let query = "SELECT status::text, updated_at > created_at, (SELECT count(*) FROM family_members m
                WHERE m.family_plan_id = i.family_plan_id AND m.is_active) FROM family_invitations i WHERE id = $1";
        let row = self.slice.schema.connect().await?.query_one(query, &[&Uuid::parse_str(invitation)?]).await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }
}

#[tokio::test]
async fn only_the_invitee_declines_and_they_may_be_invited_again() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, invitee) = (id(), id());
    let plan = world.family(holder).await?;
    let open = named(world.invite(&plan, holder, None, MemberRole::Guest).await?);
    let invitation = named(world.invite(&plan, holder, Some(invitee), MemberRole::Child).await?);
    for (user, which) in
        [(holder, &invitation), (id(), &invitation), (invitee, &open), (holder, &open), (invitee, &id().to_string())]
    {
        assert_eq!(refused(world.decline(user, which).await), not_found("INVITATION_NOT_FOUND"));
    }
    assert_eq!(world.state(&invitation).await?, ("pending".to_owned(), false, 1));

    let declined = world.decline(invitee, &invitation).await?;
    assert_eq!((declined.status(), &declined.inviter_user_id), (InvitationStatus::Declined, &holder.to_string()));
    assert_eq!(world.state(&invitation).await?, ("pending".to_owned(), true, 1), "to the plan it looks as if it waited");
    assert_eq!(world.decline(invitee, &invitation).await?, declined, "declining again changes nothing");
    assert_eq!(refused(world.accept(invitee, &invitation).await), not_pending());
    let again = world.invite(&plan, holder, Some(invitee), MemberRole::Child).await;
    assert_eq!(refused(again), (Code::AlreadyExists, "ALREADY_MEMBER".to_owned()), "as while it waits");
    assert_eq!(world.revoke(&plan, holder, &invitation).await?.status(), InvitationStatus::Revoked);
    assert_eq!(violations(world.decline(invitee, "1").await), ["invitation_id"]);

    let second = named(world.invite(&plan, holder, Some(invitee), MemberRole::Child).await?);
    assert_eq!(refused(world.accept(invitee, &second).await), not_found("INVITATION_NOT_FOUND"), "it waits for a day");
    let client = world.slice.schema.connect().await?;
    client.execute("UPDATE family_invitations SET shown_from = shown_from - interval '1 day', updated_at = now()", &[]).await?;
    world.accept(invitee, &second).await?;
    Ok(())
}

#[tokio::test]
async fn accepted_and_revoked_invitations_are_not_declined_and_expired_ones_are() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, seated, unlucky, late) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    let accepted = named(world.invite(&plan, holder, Some(seated), MemberRole::Member).await?);
    world.accept(seated, &accepted).await?;
    assert_eq!(refused(world.decline(seated, &accepted).await), not_pending());
    let revoked = named(world.invite(&plan, holder, Some(unlucky), MemberRole::Member).await?);
    world.revoke(&plan, holder, &revoked).await?;
    assert_eq!(refused(world.decline(unlucky, &revoked).await), not_pending());

    let expired = [late, id()];
    let [first, second] = expired.map(|user| world.invite(&plan, holder, Some(user), MemberRole::Member));
    let (first, second) = (named(first.await?), named(second.await?));
    world.slice.schema.connect().await?.execute("UPDATE family_invitations SET expires_at = now()", &[]).await?;
    assert_eq!(world.decline(late, &first).await?.status(), InvitationStatus::Declined);
    assert_eq!(world.revoke(&plan, holder, &second).await?.status(), InvitationStatus::Revoked);
    assert_eq!(world.state(&accepted).await?.2, 2);
    Ok(())
}

#[tokio::test]
async fn admins_and_its_creator_revoke_an_invitation() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, admin, creator, member, child, guest) = (id(), id(), id(), id(), id(), id());
    let plan = world.family(holder).await?;
    let roles = [MemberRole::Admin, MemberRole::Member, MemberRole::Member, MemberRole::Child, MemberRole::Guest];
    for (user, role) in [admin, creator, member, child, guest].into_iter().zip(roles) {
        world.join(&plan, holder, user, role).await?;
    }
    let made = world.invite(&plan, creator, None, MemberRole::Guest).await?;
    let (token, first) = (made.token.clone(), named(made));
    for user in [member, child, guest] {
        let answer = world.revoke(&plan, user, &first).await;
        assert_eq!(refused(answer), denied("ROLE_NOT_PERMITTED"));
    }
    let plan_not_found = not_found("PLAN_NOT_FOUND");
    assert_eq!(refused(world.revoke(&plan, id(), &first).await), plan_not_found);
    let others = world.family(creator).await?;
    assert_eq!(
        refused(world.revoke(&others, creator, &first).await),
        not_found("INVITATION_NOT_FOUND"),
        "an invitation of another plan"
    );
    assert_eq!(refused(world.revoke(&plan, holder, &id().to_string()).await), not_found("INVITATION_NOT_FOUND"));
    assert_eq!(world.state(&first).await?, ("pending".to_owned(), false, 6));

    let revoked = world.revoke(&plan, creator, &first).await?;
    assert_eq!((revoked.status(), &revoked.inviter_user_id), (InvitationStatus::Revoked, &creator.to_string()));
    assert_eq!(world.state(&first).await?, ("revoked".to_owned(), true, 6));
    assert_eq!(world.revoke(&plan, admin, &first).await?, revoked, "revoking again changes nothing");
    assert_eq!(refused(world.accept_token(id(), &token).await), not_pending());
    let second = named(world.invite(&plan, creator, Some(id()), MemberRole::Guest).await?);
    assert_eq!(world.revoke(&plan, admin, &second).await?.status(), InvitationStatus::Revoked);
    assert_eq!(violations(world.revoke("x", admin, "y").await), ["family_plan_id", "invitation_id"]);

    let third = named(world.invite(&plan, creator, Some(id()), MemberRole::Guest).await?);
    let client = world.slice.schema.connect().await?;
    client.execute("UPDATE family_members SET is_active = false WHERE user_id = $1", &[&creator]).await?;
    assert_eq!(refused(world.revoke(&plan, creator, &third).await), plan_not_found, "a former member");
    client.batch_execute("UPDATE family_plans SET is_active = false").await?;
    let inactive = failed("PLAN_INACTIVE");
    assert_eq!(refused(world.revoke(&plan, holder, &third).await), inactive);
    Ok(())
}

/// If the invitation were read before the lock, it would be pending for both calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepting_and_revoking_exclude_each_other() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let (holder, invitee) = (id(), id());
    for round in 0..20 {
        let plan = world.family(holder).await?;
        let invitation = named(world.invite(&plan, holder, Some(invitee), MemberRole::Member).await?);
        let lock = RowLock::new(&world, &plan).await?;
        let mut calls = JoinSet::new();
        let accept = {
            let (world, which) = (Arc::clone(&world), invitation.clone());
            async move { ("accepted", insist(|| world.accept(invitee, &which)).await.map(|_| ())) }
        };
        let revoke = {
            let (world, plan, which) = (Arc::clone(&world), plan.clone(), invitation.clone());
            async move { ("revoked", insist(|| world.revoke(&plan, holder, &which)).await.map(|_| ())) }
        };
        // Each is the first in every other round, and both wait for the lock.
        let first = if round % 2 == 0 {
            calls.spawn(accept);
            let first = lock.waiter().await?;
            calls.spawn(revoke);
            first
        } else {
            calls.spawn(revoke);
            let first = lock.waiter().await?;
            calls.spawn(accept);
            first
        };
        lock.waiters(first, 1).await?;
        lock.release().await?;
        check_exactly_one(&world, &invitation, calls.join_all().await).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepting_declining_and_revoking_exclude_each_other() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let holder = id();
    for _ in 0..20 {
        // Another one each time: after a decline the next invitation would wait.
        let invitee = id();
        let plan = world.family(holder).await?;
        let invitation = named(world.invite(&plan, holder, Some(invitee), MemberRole::Member).await?);
        let mut calls = JoinSet::new();
        let (same, which) = (Arc::clone(&world), invitation.clone());
        calls.spawn(async move { ("accepted", insist(|| same.accept(invitee, &which)).await.map(|_| ())) });
        let (same, which) = (Arc::clone(&world), invitation.clone());
        calls.spawn(async move { ("declined", insist(|| same.decline(invitee, &which)).await.map(|_| ())) });
        let (same, plan, which) = (Arc::clone(&world), plan.clone(), invitation.clone());
        calls.spawn(async move { ("revoked", insist(|| same.revoke(&plan, holder, &which)).await.map(|_| ())) });
        check_exactly_one(&world, &invitation, calls.join_all().await).await?;
    }
    Ok(())
}

/// Checks that one call succeeded, that the others were refused, and that the row agrees. To the plan, an invitation that was declined is
/// one that waits: it can still be revoked.
async fn check_exactly_one(
    world: &World,
    invitation: &str,
    answers: Vec<(&'static str, Result<(), Status>)>,
) -> anyhow::Result<()> {
    let (done, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.is_ok());
    for (_, answer) in others {
        assert_eq!(refused(answer), not_pending());
    }
    let mut done: Vec<_> = done.into_iter().map(|(what, _)| what).collect();
    done.sort_unstable();
    let (status, seats) = match done.as_slice() {
        ["accepted"] => ("accepted", 2),
        ["declined"] => ("pending", 1),
        ["revoked"] | ["declined", "revoked"] => ("revoked", 1),
        other => anyhow::bail!("{other:?}"),
    };
    assert_eq!(world.state(invitation).await?, (status.to_owned(), true, seats));
    Ok(())
}
