//! Friendships that two users make, requests for them, and blocks.

mod api;
pub(crate) mod family;
pub(crate) mod list;
pub(crate) mod store;
mod wire;

use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use strum::{EnumString, IntoStaticStr};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;

/// Requests of a user that may wait for an answer.
pub const MOST_REQUESTS: i64 = 200;

/// Why a request, or an answer to one, is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FriendshipError {
    /// There is nobody whom it could reach.
    #[error("no such profile")]
    NoSuchProfile,
    /// There is no request.
    #[error("no such request")]
    NoSuchRequest,
    /// The caller has blocked the other.
    #[error("the caller has blocked the user")]
    Blocked,
    /// A request would show a profile that is nobody's to see.
    #[error("a request would show the caller's private profile")]
    Private,
    /// The caller has too many that are not answered.
    #[error("the caller waits for {MOST_REQUESTS} answers")]
    TooMany,
    /// Children make no friends by requests.
    #[error("children make no friends by requests")]
    Child,
}

impl Rule for FriendshipError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::NoSuchProfile => refuse(Code::NotFound, ErrorReason::ProfileNotFound),
            Self::NoSuchRequest => refuse(Code::NotFound, ErrorReason::FriendRequestNotFound),
            Self::Blocked => refuse(Code::FailedPrecondition, ErrorReason::UserBlocked),
            Self::Private => refuse(Code::FailedPrecondition, ErrorReason::ProfilePrivate),
            Self::TooMany => refuse(Code::FailedPrecondition, ErrorReason::TooManyRequests).with("max_requests", MOST_REQUESTS),
            Self::Child => refuse(Code::PermissionDenied, ErrorReason::ChildNotPermitted),
        }
    }
}

/// Two users, in the one order that a pair has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The one with the lower id.
    pub first: Uuid,
    /// The other.
    pub second: Uuid,
}

impl Pair {
    /// The pair of two users, who are not one.
    pub fn of(one: Uuid, other: Uuid) -> Self {
        Self { first: one.min(other), second: one.max(other) }
    }
}

/// How the row of a pair says what they are to each other, but for blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// Nothing: one has blocked the other.
    None,
    /// One has asked the other.
    Requested,
    /// Friends.
    Accepted,
}

/// What another user is to me, but for blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nothing.
    #[default]
    Stranger,
    /// I have asked them.
    AskedByMe,
    /// They have asked me.
    AskedByThem,
    /// A friend.
    Friend,
}

/// What two users are to each other, as one of them sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bond {
    /// What the other is to me.
    pub standing: Standing,
    /// Whether I have blocked them.
    pub blocked_by_me: bool,
    /// Whether they have blocked me.
    pub blocked_by_them: bool,
}

/// What counts for a request, and for an answer to one, beside what the two are to each other already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ends {
    /// Whether I am a child.
    pub am_child: bool,
    /// Whether my profile is private.
    pub am_private: bool,
    /// Whether they are nobody whom a request of mine could reach: not known, private, or a child.
    pub are_hidden: bool,
}

impl Bond {
    fn with(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// I ask them, and wait for so many answers already. Requests that cross are one that is accepted.
    ///
    /// What I know, and what is my own, decides first; then all that I must not know has one answer.
    pub fn ask(self, ends: Ends, waiting: i64) -> Result<Self, FriendshipError> {
        match self.standing {
            _ if ends.am_child => Err(FriendshipError::Child),
            _ if self.blocked_by_me => Err(FriendshipError::Blocked),
            Standing::Friend | Standing::AskedByMe => Ok(self),
            Standing::Stranger if ends.am_private => Err(FriendshipError::Private),
            Standing::Stranger if waiting >= MOST_REQUESTS => Err(FriendshipError::TooMany),
            _ if self.blocked_by_them || ends.are_hidden => Err(FriendshipError::NoSuchProfile),
            Standing::AskedByThem => Ok(self.with(Standing::Friend)),
            Standing::Stranger => Ok(self.with(Standing::AskedByMe)),
        }
    }

    /// I accept what they ask, unless they have hidden since.
    pub fn accept(self, ends: Ends) -> Result<Self, FriendshipError> {
        match self.standing {
            _ if ends.am_child => Err(FriendshipError::Child),
            Standing::Friend => Ok(self),
            Standing::AskedByThem if !ends.are_hidden => Ok(self.with(Standing::Friend)),
            Standing::AskedByThem | Standing::AskedByMe | Standing::Stranger => Err(FriendshipError::NoSuchRequest),
        }
    }

    /// I decline what they ask.
    pub fn decline(self) -> Result<Self, FriendshipError> {
        match self.standing {
            Standing::AskedByThem => Ok(self.with(Standing::Stranger)),
            Standing::AskedByMe | Standing::Stranger => Ok(self),
            Standing::Friend => Err(FriendshipError::NoSuchRequest),
        }
    }

    /// I take back what I asked.
    pub fn withdraw(self) -> Result<Self, FriendshipError> {
        match self.standing {
            Standing::AskedByMe => Ok(self.with(Standing::Stranger)),
            Standing::AskedByThem | Standing::Stranger => Ok(self),
            Standing::Friend => Err(FriendshipError::NoSuchRequest),
        }
    }

    /// I am not their friend any more.
    pub fn part(self) -> Self {
        if self.standing == Standing::Friend { self.with(Standing::Stranger) } else { self }
    }

    /// I block them: what was between us is over.
    pub fn block(self) -> Self {
        Self { standing: Standing::Stranger, blocked_by_me: true, ..self }
    }

    /// I block them no more.
    pub fn unblock(self) -> Self {
        Self { blocked_by_me: false, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Ends = Ends { am_child: false, am_private: false, are_hidden: false };
    const PRIVATE: Ends = Ends { am_private: true, ..OPEN };
    const HIDDEN: Ends = Ends { are_hidden: true, ..OPEN };
    const ALL: [Standing; 4] = [Standing::Stranger, Standing::AskedByMe, Standing::AskedByThem, Standing::Friend];

    fn bond(standing: Standing) -> Bond {
        Bond { standing, ..Bond::default() }
    }

    fn after(step: impl Fn(Bond) -> Result<Bond, FriendshipError>) -> [Result<Standing, FriendshipError>; 4] {
        ALL.map(|standing| step(bond(standing)).map(|bond| bond.standing))
    }

    #[test]
    fn a_pair_has_one_order() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(Pair::of(a, b), Pair::of(b, a));
        assert_eq!(Pair::of(b, a).first, a);
    }

    #[test]
    fn each_step_from_each_standing() {
        use Standing::{AskedByMe, AskedByThem, Friend, Stranger};
        let none = || Err(FriendshipError::NoSuchRequest);
        assert_eq!(after(|bond| bond.ask(OPEN, 0)), [Ok(AskedByMe), Ok(AskedByMe), Ok(Friend), Ok(Friend)]);
        assert_eq!(after(|bond| bond.accept(OPEN)), [none(), none(), Ok(Friend), Ok(Friend)]);
        assert_eq!(after(Bond::decline), [Ok(Stranger), Ok(AskedByMe), Ok(Stranger), none()]);
        assert_eq!(after(Bond::withdraw), [Ok(Stranger), Ok(Stranger), Ok(AskedByThem), none()]);
        assert_eq!(after(|bond| Ok(bond.part())), [Ok(Stranger), Ok(AskedByMe), Ok(AskedByThem), Ok(Stranger)]);
        assert_eq!(after(|bond| Ok(bond.block())), [Stranger; 4].map(Ok));
    }

    #[test]
    fn a_request_reaches_only_whom_it_may() {
        let ask = |ends, waiting| bond(Standing::Stranger).ask(ends, waiting);
        assert_eq!(ask(PRIVATE, 0), Err(FriendshipError::Private));
        assert_eq!(ask(HIDDEN, 0), Err(FriendshipError::NoSuchProfile));
        assert_eq!(ask(OPEN, MOST_REQUESTS), Err(FriendshipError::TooMany));
        assert!(ask(OPEN, MOST_REQUESTS - 1).is_ok());
        // What is answered needs no reach of mine, but somebody who can be seen.
        let asked = bond(Standing::AskedByThem);
        assert_eq!(asked.ask(PRIVATE, MOST_REQUESTS).map(|bond| bond.standing), Ok(Standing::Friend));
        assert_eq!(asked.ask(HIDDEN, 0), Err(FriendshipError::NoSuchProfile));
        assert_eq!(asked.accept(HIDDEN), Err(FriendshipError::NoSuchRequest));
        let friend = bond(Standing::Friend);
        assert!(friend.accept(HIDDEN).is_ok() && friend.ask(HIDDEN, 0).is_ok(), "friends know");
    }

    #[test]
    fn a_child_neither_asks_nor_accepts() {
        let child = Ends { am_child: true, ..OPEN };
        assert_eq!(after(|bond| bond.ask(child, 0)), [(); 4].map(|()| Err(FriendshipError::Child)));
        assert_eq!(after(|bond| bond.accept(child)), [(); 4].map(|()| Err(FriendshipError::Child)));
    }

    #[test]
    fn who_is_blocked_is_not_told() {
        let by_them = Bond { blocked_by_them: true, ..Bond::default() };
        for (mine, waiting) in [(OPEN, 0), (PRIVATE, 0), (OPEN, MOST_REQUESTS)] {
            let hidden = bond(Standing::Stranger).ask(Ends { are_hidden: true, ..mine }, waiting);
            assert_eq!(by_them.ask(mine, waiting), hidden, "as of who is not there: {mine:?}");
        }
        assert_eq!(by_them.ask(OPEN, 0), Err(FriendshipError::NoSuchProfile));
        assert_eq!(by_them.block().ask(OPEN, 0), Err(FriendshipError::Blocked), "as if they had not");
        assert_eq!(by_them.block().unblock(), by_them);
        assert_eq!(bond(Standing::Friend).block().unblock().standing, Standing::Stranger, "it does not come back");
    }
}
