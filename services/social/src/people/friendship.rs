//! Friendships that two users agree on, requests for them, and blocks.

mod api;
pub(crate) mod list;
pub(crate) mod store;
mod wire;

use chrono::TimeDelta;
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use tonic::Code;
use uuid::Uuid;

/// The most unanswered requests that a user may have sent.
pub const MAX_REQUESTS: i64 = 200;

/// Why a friend request, or an answer to one, is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FriendshipError {
    /// The other user does not exist, or requests do not reach them.
    #[error("no such profile")]
    NoSuchProfile,
    #[error("no such request")]
    NoSuchRequest,
    #[error("the caller has blocked the user")]
    Blocked,
    #[error("a request would show the caller's private profile")]
    Private,
    /// The caller has sent too many requests that are not answered.
    #[error("the caller has {MAX_REQUESTS} unanswered requests")]
    TooMany,
    #[error("children can neither send nor accept friend requests")]
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
            Self::TooMany => refuse(Code::FailedPrecondition, ErrorReason::TooManyRequests).with("max_requests", MAX_REQUESTS),
            Self::Child => refuse(Code::PermissionDenied, ErrorReason::ChildNotPermitted),
        }
    }
}

/// Returns how long after a decline the next request of the same user waits until it is shown, when it was declined so often.
pub fn pause(declines: i32) -> TimeDelta {
    TimeDelta::days(match declines {
        ..=1 => 1,
        2 => 7,
        3.. => 30,
    })
}

/// Two users, in the order in which they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The user with the lower id.
    pub first: Uuid,
    /// The user with the higher id.
    pub second: Uuid,
}

impl Pair {
    /// Returns the id of the aggregate of events about the two.
    pub fn aggregate(self) -> Uuid {
        Uuid::new_v5(&self.first, self.second.as_bytes())
    }

    /// The pair of two different users.
    pub fn of(one: Uuid, other: Uuid) -> Self {
        Self { first: one.min(other), second: one.max(other) }
    }
}

/// How another user is related to the caller, apart from blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relation {
    /// Not at all.
    #[default]
    None,
    /// The caller has sent them a request.
    RequestSent,
    /// They have sent the caller a request.
    RequestReceived,
    /// They have sent the caller a request that the caller does not see: it was declined, or waits because an earlier one was.
    RequestHidden,
    Friends,
}

/// What there is between the caller and another user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Friendship {
    /// How they are related.
    pub relation: Relation,
    /// Whether the request was declined. Its sender does not learn that.
    pub is_declined: bool,
    pub blocked_by_caller: bool,
    pub blocked_by_other: bool,
}

/// Facts about two users that decide whether the caller may send a request, or accept one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Eligibility {
    pub caller_is_child: bool,
    /// Whether the caller's profile is private.
    pub caller_is_private: bool,
    /// Whether requests do not reach the other user: they are not known, private, or a child.
    pub other_is_unreachable: bool,
}

impl Friendship {
    fn with(self, relation: Relation) -> Self {
        Self { relation, is_declined: false, ..self }
    }

    /// Sends a request; `sent` is the number of unanswered requests of the caller. A request to a user who has sent one accepts it. One that
    /// was declined is sent again.
    ///
    /// Refusals for reasons that the caller knows come first. All reasons that the caller must not learn have the same refusal.
    pub fn send_request(self, eligibility: Eligibility, sent: i64) -> Result<Self, FriendshipError> {
        match self.relation {
            _ if eligibility.caller_is_child => Err(FriendshipError::Child),
            _ if self.blocked_by_caller => Err(FriendshipError::Blocked),
            Relation::Friends => Ok(self),
            Relation::RequestSent => Ok(self.with(Relation::RequestSent)),
            Relation::None if eligibility.caller_is_private => Err(FriendshipError::Private),
            Relation::None if sent >= MAX_REQUESTS => Err(FriendshipError::TooMany),
            _ if self.blocked_by_other || eligibility.other_is_unreachable => Err(FriendshipError::NoSuchProfile),
            Relation::RequestReceived | Relation::RequestHidden => Ok(self.with(Relation::Friends)),
            Relation::None => Ok(self.with(Relation::RequestSent)),
        }
    }

    /// Accepts the request of the other user, unless requests no longer reach that user.
    pub fn accept_request(self, eligibility: Eligibility) -> Result<Self, FriendshipError> {
        match self.relation {
            _ if eligibility.caller_is_child => Err(FriendshipError::Child),
            Relation::Friends => Ok(self),
            Relation::RequestReceived if !eligibility.other_is_unreachable => Ok(self.with(Relation::Friends)),
            Relation::RequestReceived | Relation::RequestHidden | Relation::RequestSent | Relation::None => {
                Err(FriendshipError::NoSuchRequest)
            }
        }
    }

    /// Declines the other user's request. The other user still sees an open request.
    pub fn decline_request(self) -> Result<Self, FriendshipError> {
        match self.relation {
            Relation::RequestReceived => Ok(Self { is_declined: true, ..self.with(Relation::RequestHidden) }),
            Relation::RequestHidden | Relation::RequestSent | Relation::None => Ok(self),
            Relation::Friends => Err(FriendshipError::NoSuchRequest),
        }
    }

    /// Withdraws the caller's request.
    pub fn withdraw_request(self) -> Result<Self, FriendshipError> {
        match self.relation {
            Relation::RequestSent => Ok(self.with(Relation::None)),
            Relation::RequestReceived | Relation::RequestHidden | Relation::None => Ok(self),
            Relation::Friends => Err(FriendshipError::NoSuchRequest),
        }
    }

    /// Ends the friendship.
    pub fn remove_friend(self) -> Self {
        if self.relation == Relation::Friends { self.with(Relation::None) } else { self }
    }

    /// Blocks the other user, which ends friendship and requests.
    pub fn block(self) -> Self {
        Self { blocked_by_caller: true, ..self.with(Relation::None) }
    }

    /// Ends the caller's block.
    pub fn unblock(self) -> Self {
        Self { blocked_by_caller: false, ..self }
    }
}

#[cfg(test)]
mod tests;
