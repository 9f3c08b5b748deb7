//! Who calls.

use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::common;
use tonic::{Request, Status};
use uuid::Uuid;

/// What a user is to the platform, beside being a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Guards content and claims.
    Moderator,
    /// Verifies, replays, erases for others.
    Operator,
}

/// A signed-in user. What is printed of one leaves out their token.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: Uuid,
    /// What else they are.
    pub roles: Vec<Role>,
    /// Their token, to act for them at another service.
    pub token: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// A verified caller: a user, a service, or a service that acts for a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The user, if there is one.
    pub user: Option<User>,
    /// The name of the service, if it is one.
    pub service: Option<String>,
}

/// A handler asked for a kind of caller that its access option does not promise: a fault of ours, refused all the same.
#[derive(Debug, PartialEq, Eq)]
pub struct CallerError;

impl Caller {
    /// The caller of a request that passed the guard.
    pub fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().cloned().unwrap_or_default()
    }

    /// The user who calls, or for whom a service does.
    pub fn user<T>(request: &Request<T>) -> Result<User, CallerError> {
        Self::of(request).user.ok_or(CallerError)
    }

    /// The name of the service that calls.
    pub fn service<T>(request: &Request<T>) -> Result<String, CallerError> {
        Self::of(request).service.ok_or(CallerError)
    }
}

impl User {
    /// Whether they have the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

impl From<CallerError> for Status {
    fn from(CallerError: CallerError) -> Self {
        tracing::error!("a handler serves callers that its access option does not promise");
        common(ErrorReason::Internal, "internal fault").into_status("orchard")
    }
}
