//! The rule that says who sees a user's profile. Every query that gives a user the name, id, rows or number of other users follows it.
//!
//! The rule is SQL text in macros, of which both conditions for the query builder and prepared statements are made.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Uuid as SqlUuid};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::schema::users;

/// SQL: an [`Audience`], of the `users` row. A child's profile is for friends at most, whatever its privacy level is.
macro_rules! audience {
    () => {
        "CASE
           WHEN users.privacy_level = 'private' THEN 'nobody'
           WHEN users.privacy_level = 'public' AND NOT EXISTS (
             SELECT FROM children c WHERE c.user_id = users.id
           ) THEN 'everyone'
           ELSE 'friends'
         END"
    };
}

/// SQL: whether one of the two users of a row of `friendships` has blocked the other.
macro_rules! blocked {
    ($friendship:literal) => {
        concat!($friendship, ".status = 'none'")
    };
}

/// SQL: whether the other user of a row of `friendships` is a contact of `$viewer`: a friend, or one who has sent them a request that they
/// have not declined.
macro_rules! contact {
    ($friendship:literal, $viewer:literal) => {
        concat!(
            "(",
            $friendship,
            ".status = 'accepted' OR ",
            $friendship,
            ".requested_by <> ",
            $viewer,
            " AND ",
            $friendship,
            ".declined_at IS NULL)"
        )
    };
}

/// SQL, after FROM: pairs of memberships `own` and `theirs` in the same family, neither of them as a guest. They make contacts, too.
macro_rules! relatives {
    () => {
        "family_memberships own JOIN family_memberships theirs
           ON theirs.family_plan_id = own.family_plan_id AND own.role <> 'guest' AND theirs.role <> 'guest'"
    };
}

/// SQL: whether a viewer sees a profile, of four expressions.
macro_rules! visible {
    ($is_own:expr, $is_blocked:expr, $audience:expr, $is_contact:expr $(,)?) => {
        concat!(
            "(",
            $is_own,
            " OR NOT ",
            $is_blocked,
            " AND CASE ",
            $audience,
            " WHEN 'everyone' THEN true WHEN 'friends' THEN ",
            $is_contact,
            " ELSE false END)"
        )
    };
}

pub(crate) use {audience, blocked, contact, relatives, visible};

/// Who sees a profile unless they or its user have blocked the other. Its user always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Audience {
    Everyone,
    /// Contacts.
    Friends,
    Nobody,
}

orchard_db::text_column!(Audience);

impl Audience {
    /// Returns whether another user sees the profile, as `visible!` does.
    pub(crate) fn admits(self, is_blocked: bool, is_contact: bool) -> bool {
        !is_blocked
            && match self {
                Self::Everyone => true,
                Self::Friends => is_contact,
                Self::Nobody => false,
            }
    }
}

/// SQL: whether the user of the `users` row and `$viewer` have a row in `friendships` that fulfils `$condition`.
macro_rules! friendship {
    ($condition:expr) => {
        concat!(
            "EXISTS (
               SELECT FROM friendships f
               WHERE f.first_user_id = least(users.id, $viewer) AND f.second_user_id = greatest(users.id, $viewer) AND ",
            $condition,
            ")"
        )
    };
}

/// A condition on the `users` row of a query, from SQL in which `$viewer` stands for a user's id.
macro_rules! condition {
    ($(#[$meta:meta])* fn $function:ident() -> $name:ident { $sql:expr }) => {
        $(#[$meta])*
        pub(crate) fn $function(viewer: Uuid) -> $name {
            $name(viewer)
        }

        #[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
        pub(crate) struct $name(Uuid);

        impl Expression for $name {
            type SqlType = Bool;
        }

        impl<Q> AppearsOnTable<Q> for $name where users::id: AppearsOnTable<Q> {}
        impl<Q> SelectableExpression<Q> for $name where users::id: SelectableExpression<Q> {}

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                for (index, text) in $sql.split("$viewer").enumerate() {
                    if index > 0 {
                        out.push_bind_param::<SqlUuid, _>(&self.0)?;
                    }
                    out.push_sql(text);
                }
                Ok(())
            }
        }
    };
}

condition! {
    /// Whether `viewer` sees the profile of the `users` row.
    fn visible_to() -> VisibleTo {
        visible!(
            "users.id = $viewer",
            friendship!(blocked!("f")),
            audience!(),
            concat!(
                "(", friendship!(contact!("f", "$viewer")), " OR EXISTS (
                   SELECT FROM ", relatives!(), " WHERE own.user_id = users.id AND theirs.user_id = $viewer
                 ))"
            ),
        )
    }
}

condition! {
    /// Whether one of `viewer` and the user of the `users` row has blocked the other.
    fn blocks() -> Blocks {
        friendship!(blocked!("f"))
    }
}
