//! Other users, as the social service shows them to a viewer.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use orchard_client::Upstream;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_rpc::Deadline;
use orchard_server::User;
use uuid::Uuid;

/// How long to wait for an answer. A recipe without its author's name is worth more than one that is late.
const TIMEOUT: Duration = Duration::from_secs(1);
/// The most profiles that one request may ask for.
const BATCH: usize = 200;

/// The users whose profiles a viewer may see.
#[derive(Debug)]
pub(crate) struct Profiles {
    viewer: Uuid,
    /// Display names by id.
    names: HashMap<Uuid, String>,
    /// Users who do not share.
    unsharing: HashSet<Uuid>,
    /// Whether the social service did not answer. Then nobody is known but the viewer.
    pub(crate) is_unavailable: bool,
}

/// A user as a viewer sees them: the id and the name, both empty if the viewer may not see the profile.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) user_id: String,
    pub(crate) name: String,
}

impl Profiles {
    /// Returns what a viewer knows without asking: themselves.
    pub(crate) fn only(viewer: Uuid) -> Self {
        Self { viewer, names: HashMap::new(), unsharing: HashSet::new(), is_unavailable: false }
    }

    /// Asks the social service, on behalf of `viewer`, for those of these users whose profiles they may see. Without an answer the others
    /// are anonymous.
    pub(crate) async fn of(social: &Upstream, viewer: &User, users: Vec<Uuid>) -> Self {
        let mut profiles = Self::only(viewer.id);
        let others: Vec<Uuid> =
            users.into_iter().filter(|user| *user != viewer.id).collect::<BTreeSet<_>>().into_iter().collect();
        for batch in others.chunks(BATCH) {
            match ask(social, viewer, batch).await {
                Ok(answer) => profiles.add(answer),
                Err(cause) => {
                    tracing::warn!(%cause, "authors and reviewers are anonymous without the social service");
                    return Self { is_unavailable: true, ..Self::only(viewer.id) };
                }
            }
        }
        profiles
    }

    fn add(&mut self, answer: pb::BatchGetProfilesResponse) {
        let named = |profile: pb::Profile| Some((profile.user_id.parse().ok()?, profile.display_name));
        self.names.extend(answer.profiles.into_iter().filter_map(named));
        self.unsharing.extend(answer.unsharing_user_ids.iter().filter_map(|id| id.parse::<Uuid>().ok()));
    }

    /// Returns whether what a user has published may be put before the viewer unasked: it is the viewer's own, or the social service has
    /// said that the user shares.
    pub(crate) fn shares(&self, user: Uuid) -> bool {
        user == self.viewer || !self.is_unavailable && !self.unsharing.contains(&user)
    }

    /// Returns a user as the viewer sees them.
    pub(crate) fn person(&self, user: Uuid) -> Person {
        if user == self.viewer {
            return Person { user_id: user.to_string(), name: String::new() };
        }
        self.names.get(&user).map(|name| Person { user_id: user.to_string(), name: name.clone() }).unwrap_or_default()
    }
}

async fn ask(social: &Upstream, viewer: &User, users: &[Uuid]) -> Result<pb::BatchGetProfilesResponse, String> {
    let mut client = ProfileServiceClient::new(social.on_behalf_of(&viewer.token).map_err(|cause| cause.to_string())?);
    let request = pb::BatchGetProfilesRequest { user_ids: users.iter().map(Uuid::to_string).collect() };
    let answer = Deadline::within(TIMEOUT)
        .scope(client.batch_get_profiles(request))
        .await
        .map_err(|status| format!("{:?}", status.code()))?;
    Ok(answer.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_who_is_not_known_is_anonymous() {
        let [me, friend, stranger] = [1, 2, 3].map(Uuid::from_u128);
        let names = HashMap::from([(friend, "Fig".to_owned())]);
        let profiles = Profiles { names, ..Profiles::only(me) };
        assert_eq!(profiles.person(me), Person { user_id: me.to_string(), name: String::new() });
        assert_eq!(profiles.person(friend), Person { user_id: friend.to_string(), name: "Fig".to_owned() });
        assert_eq!(profiles.person(stranger), Person::default());
    }

    #[test]
    fn nobody_but_the_viewer_shares_without_an_answer() {
        let [me, open, closed] = [1, 2, 3].map(Uuid::from_u128);
        let mut profiles = Profiles::only(me);
        profiles.add(pb::BatchGetProfilesResponse {
            unsharing_user_ids: vec![me.to_string(), closed.to_string()],
            ..Default::default()
        });
        assert_eq!([me, open, closed].map(|user| profiles.shares(user)), [true, true, false]);
        let unknown = Profiles { is_unavailable: true, ..Profiles::only(me) };
        assert_eq!([me, open, closed].map(|user| unknown.shares(user)), [true, false, false]);
    }
}
