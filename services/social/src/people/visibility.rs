//! Interim.

use strum::{EnumString, IntoStaticStr};

pub(crate) use crate::people::friendship::store::blocks;
pub(crate) use crate::people::profile::visibility::visible_to;

/// Who may see a profile at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Audience {
    Everyone,
    Friends,
    Nobody,
}

orchard_db::text_column!(Audience);

impl Audience {
    pub(crate) fn admits(self, is_blocked: bool, is_contact: bool) -> bool {
        let admits = match self {
            Self::Everyone => true,
            Self::Friends => is_contact,
            Self::Nobody => false,
        };
        admits && !is_blocked
    }
}

macro_rules! blocked {
    ($row:literal) => {
        concat!($row, ".status = 'none'")
    };
}

macro_rules! contact {
    ($row:literal, $viewer:literal) => {
        concat!(
            "(",
            $row,
            ".status = 'accepted' OR ",
            $row,
            ".status = 'requested' AND ",
            $row,
            ".requested_by IS DISTINCT FROM ",
            $viewer,
            ")"
        )
    };
}

macro_rules! relatives {
    () => {
        "family_memberships own JOIN family_memberships theirs
           ON theirs.family_plan_id = own.family_plan_id AND own.role <> 'guest' AND theirs.role <> 'guest'"
    };
}

macro_rules! visible {
    ($is_self:expr, $is_blocked:expr, $audience:expr, $is_contact:expr) => {
        concat!(
            "(",
            $is_self,
            " OR NOT ",
            $is_blocked,
            " AND (",
            $audience,
            " = 'everyone' OR ",
            $audience,
            " = 'friends' AND ",
            $is_contact,
            "))"
        )
    };
}

pub(crate) use {blocked, contact, relatives, visible};
