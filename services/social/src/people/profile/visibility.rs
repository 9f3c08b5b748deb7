//! Whose profile is whose to see: the one place that says so. Every query that gives a name, an id, a row or a number of somebody else
//! to a user has it.

use diesel::prelude::*;
use uuid::Uuid;

use super::PrivacyLevel;
use crate::people::friendship::store::{blocks, shows};
use crate::people::membership::{is_a_child, share_a_family};
use crate::schema::users;

/// Whether `viewer` may see the profile of the `users` row.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn visible_to(viewer: Uuid) -> _ {
    let public: PrivacyLevel = PrivacyLevel::Public;
    let private: PrivacyLevel = PrivacyLevel::Private;
    let family: share_a_family = share_a_family(viewer);
    let friend: shows = shows(viewer);
    let apart: blocks = blocks(viewer);
    let among_friends = users::privacy_level.ne(private).and(friend.or(family));
    // A child's is for its friends at most, whatever it says.
    let child: is_a_child = is_a_child();
    let open = users::privacy_level.eq(public).and(diesel::dsl::not(child)).or(among_friends);
    users::id.eq(viewer).or(diesel::dsl::not(apart).and(open))
}
