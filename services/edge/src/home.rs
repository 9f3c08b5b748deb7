//! What a user sees first.

use std::collections::{BTreeSet, HashMap};

use futures::join;
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_proto::consultation::v1::session_service_client::SessionServiceClient;
use orchard_proto::consultation::v1::{
    BatchGetProfessionalsRequest, ListMySessionsRequest, Professional, Session, SessionStatus,
};
use orchard_proto::edge::v1 as pb;
use orchard_proto::family::v1::invitation_service_client::InvitationServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::{ListMyInvitationsRequest, ListPlansRequest};
use orchard_proto::recipe::v1::search_service_client::SearchServiceClient;
use orchard_proto::recipe::v1::{SearchRecipesRequest, SearchSort};
use orchard_proto::social::v1::achievement_service_client::AchievementServiceClient;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::friendship_service_client::FriendshipServiceClient;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_proto::social::v1::standing_service_client::StandingServiceClient;
use orchard_proto::social::v1::{
    BatchGetProfilesRequest, CountFriendsRequest, ListChallengesRequest, ListHighlightsRequest, ListStandingsRequest,
};
use prost_types::Timestamp;

use crate::section::{LENGTH, PAGE_SIZE, Section, highlights, now};
use crate::view::View;

/// Longest that a session lasts, in seconds: one that began so long ago may go on.
const LONGEST_SESSION: i64 = 480 * 60;
/// The sessions to read. The slice lists the last first, and a client has 10 that have not begun, but a guardian also those of children.
const MAX_SESSIONS: i32 = 200;
/// The recipes to read, of which those are left out whose authors do not share.
const RECIPES_READ: i32 = 20;

/// Composes the home view of a user.
pub(crate) async fn home(view: &View<'_>) -> pb::Home {
    let me = view.user.to_string();
    let (profile, families, invitations, friends, standings, sessions, highlights, recipes, challenges) = join!(
        view.profile(&me),
        families(view),
        invitations(view),
        friends(view),
        standings(view, me.clone()),
        sessions(view),
        friends_highlights(view),
        recipes(view),
        challenges(view),
    );
    pb::Home {
        profile: Some(profile.into()),
        families: Some(families),
        invitations: Some(invitations),
        friends: Some(friends),
        active_challenges: Some(standings),
        sessions: Some(sessions),
        highlights: Some(highlights),
        featured_recipes: Some(recipes),
        featured_challenges: Some(challenges),
    }
}

async fn families(view: &View<'_>) -> pb::FamiliesSection {
    let request = ListPlansRequest { page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| PlanServiceClient::new(channel).list_plans(request).await;
    let (plans, status) = view.section(&view.upstreams.family, call).await.map(|answer| answer.plans).parts_or_default();
    pb::FamiliesSection { status, plans }
}

async fn invitations(view: &View<'_>) -> pb::InvitationsSection {
    let request = ListMyInvitationsRequest { page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| InvitationServiceClient::new(channel).list_my_invitations(request).await;
    let answer = view.section(&view.upstreams.family, call).await;
    let (invitations, status) = answer.map(|answer| answer.invitations).parts_or_default();
    pb::InvitationsSection { status, invitations }
}

async fn friends(view: &View<'_>) -> pb::FriendsSection {
    let call = async |channel| FriendshipServiceClient::new(channel).count_friends(CountFriendsRequest {}).await;
    let (counts, status) = view.section(&view.upstreams.social, call).await.parts();
    pb::FriendsSection {
        status,
        friend_count: counts.map(|counts| counts.friends),
        incoming_request_count: counts.map(|counts| counts.incoming_requests),
    }
}

async fn standings(view: &View<'_>, user_id: String) -> pb::StandingsSection {
    let request = ListStandingsRequest { user_id, page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| StandingServiceClient::new(channel).list_standings(request).await;
    view.section(&view.upstreams.social, call).await.into()
}

/// Lists sessions, and then the professionals of all of them.
async fn sessions(view: &View<'_>) -> pb::UpcomingSessionsSection {
    let (consultation, moment) = (&view.upstreams.consultation, now());
    let request = ListMySessionsRequest {
        session_status: SessionStatus::Scheduled.into(),
        from_time: Some(Timestamp { seconds: moment.seconds - LONGEST_SESSION, nanos: 0 }),
        page_size: MAX_SESSIONS,
        ..Default::default()
    };
    let call = async |channel| SessionServiceClient::new(channel).list_my_sessions(request).await;
    let upcoming = view.section(consultation, call).await.map(|answer| upcoming(answer.sessions, moment));
    let ids = upcoming.content().into_iter().flatten().map(|session| session.professional_id.clone());
    let professional_ids: Vec<String> = ids.collect::<BTreeSet<_>>().into_iter().collect();
    let professionals = if professional_ids.is_empty() {
        Section::known(Vec::new())
    } else {
        let request = BatchGetProfessionalsRequest { professional_ids };
        let call = async |channel| ProfessionalServiceClient::new(channel).batch_get_professionals(request).await;
        view.section(consultation, call).await.map(|answer| answer.professionals)
    };
    let (sessions, status) = upcoming.and(professionals).map(with_professionals).parts_or_default();
    pb::UpcomingSessionsSection { status, sessions }
}

/// Returns those of the sessions that are not over, the next first.
fn upcoming(sessions: Vec<Session>, moment: Timestamp) -> Vec<Session> {
    let start = |session: &Session| session.start_time.unwrap_or_default().seconds;
    let mut sessions = sessions;
    sessions.retain(|session| start(session) + i64::from(session.duration_minutes) * 60 > moment.seconds);
    sessions.sort_by_key(start);
    sessions.truncate(LENGTH);
    sessions
}

fn with_professionals((sessions, professionals): (Vec<Session>, Vec<Professional>)) -> Vec<pb::UpcomingSession> {
    let by_id: HashMap<String, Professional> =
        professionals.into_iter().map(|professional| (professional.professional_id.clone(), professional)).collect();
    let with_professional = |session: Session| {
        let professional = by_id.get(&session.professional_id).cloned();
        pb::UpcomingSession { session: Some(session), professional }
    };
    sessions.into_iter().map(with_professional).collect()
}

/// Lists achievements of friends, and then the profiles of all who have them.
async fn friends_highlights(view: &View<'_>) -> pb::HighlightsSection {
    let social = &view.upstreams.social;
    let request = ListHighlightsRequest { page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| AchievementServiceClient::new(channel).list_highlights(request).await;
    let achievements = view.section(social, call).await.map(|answer| answer.achievements);
    let ids = achievements.content().into_iter().flatten().map(|achievement| achievement.user_id.clone());
    let user_ids: Vec<String> = ids.collect::<BTreeSet<_>>().into_iter().collect();
    let profiles = if user_ids.is_empty() {
        Section::known(Vec::new())
    } else {
        let request = BatchGetProfilesRequest { user_ids };
        let call = async |channel| ProfileServiceClient::new(channel).batch_get_profiles(request).await;
        view.section(social, call).await.map(|answer| answer.profiles)
    };
    let shown = achievements.and(profiles).map(|(achievements, profiles)| highlights(achievements, profiles));
    let (highlights, status) = shown.parts_or_default();
    pb::HighlightsSection { status, highlights }
}

async fn recipes(view: &View<'_>) -> pb::RecipesSection {
    let request = SearchRecipesRequest {
        sort: SearchSort::Featured.into(),
        page_size: RECIPES_READ,
        sharing_only: true,
        ..Default::default()
    };
    let call = async |channel| SearchServiceClient::new(channel).search_recipes(request).await;
    view.section(&view.upstreams.recipe, call).await.into()
}

async fn challenges(view: &View<'_>) -> pb::ChallengesSection {
    let request = ListChallengesRequest { page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| ChallengeServiceClient::new(channel).list_challenges(request).await;
    view.section(&view.upstreams.social, call).await.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_are_over_are_left_out_and_the_next_come_first() {
        let session = |start: i64, minutes| Session {
            session_id: start.to_string(),
            start_time: Some(Timestamp { seconds: start * 60, nanos: 0 }),
            duration_minutes: minutes,
            ..Default::default()
        };
        let listed: Vec<Session> = [200, 120, 60, 59, 30].into_iter().map(|start| session(start, 60)).collect();
        let moment = Timestamp { seconds: 120 * 60, nanos: 0 };
        let starts: Vec<String> = upcoming(listed, moment).into_iter().map(|session| session.session_id).collect();
        assert_eq!(starts, ["120", "200"], "what ends now is over");
        let many = (121..150).rev().map(|start| session(start, 5)).collect();
        let first: Vec<String> = upcoming(many, moment).into_iter().map(|session| session.session_id).collect();
        assert_eq!((first.len(), first[0].as_str(), first[9].as_str()), (LENGTH, "121", "130"));
    }
}
