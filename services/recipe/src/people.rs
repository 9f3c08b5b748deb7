//! Other users, as the social service shows them to a viewer.

use std::collections::{BTreeSet, HashMap};
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
        Self { viewer, names: HashMap::new(), is_unavailable: false }
    }

    /// Asks the social service, on behalf of `viewer`, for those of these users whose profiles they may see. Without an answer the others
    /// are anonymous.
    pub(crate) async fn of(social: &Upstream, viewer: &User, users: Vec<Uuid>) -> Self {
        let mut profiles = Self::only(viewer.id);
        let others: Vec<Uuid> =
            users.into_iter().filter(|user| *user != viewer.id).collect::<BTreeSet<_>>().into_iter().collect();
        for batch in others.chunks(BATCH) {
            match ask(social, viewer, batch).await {
                Ok(names) => profiles.names.extend(names),
                Err(cause) => {
                    tracing::warn!(%cause, "authors and reviewers are anonymous without the social service");
                    return Self { is_unavailable: true, ..Self::only(viewer.id) };
                }
            }
        }
        profiles
    }

    /// Returns a user as the viewer sees them.
    pub(crate) fn person(&self, user: Uuid) -> Person {
        if user == self.viewer {
            return Person { user_id: user.to_string(), name: String::new() };
        }
        self.names.get(&user).map(|name| Person { user_id: user.to_string(), name: name.clone() }).unwrap_or_default()
    }
}

async fn ask(social: &Upstream, viewer: &User, users: &[Uuid]) -> Result<Vec<(Uuid, String)>, String> {
    let mut client = ProfileServiceClient::new(social.on_behalf_of(&viewer.token).map_err(|cause| cause.to_string())?);
    let request = pb::BatchGetProfilesRequest { user_ids: users.iter().map(Uuid::to_string).collect() };
    let answer = Deadline::within(TIMEOUT)
        .scope(client.batch_get_profiles(request))
        .await
        .map_err(|status| format!("{:?}", status.code()))?;
    let named = |profile: pb::Profile| Some((profile.user_id.parse().ok()?, profile.display_name));
    Ok(answer.into_inner().profiles.into_iter().filter_map(named).collect())
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
}
