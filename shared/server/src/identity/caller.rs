//! The caller of a method.

use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::common;
use tonic::{Request, Status};
use uuid::Uuid;

/// A role of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reviews content and claims.
    Moderator,
    /// Operates the platform: verifies professionals, replays events, erases users.
    Operator,
}

/// A signed-in user. Debug output omits the token.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: Uuid,
    /// The user's roles.
    pub roles: Vec<Role>,
    /// The user's token, for calls to other services on the user's behalf.
    pub token: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// A verified caller: a user, a service, or a service on behalf of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The user, if there is one.
    pub user: Option<User>,
    /// The name of the service, if there is one.
    pub service: Option<String>,
}

/// The call has no such caller, although the handler needs one: the method's access option is wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct CallerError;

impl Caller {
    /// Returns the caller of a request that passed the guard.
    pub fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().cloned().unwrap_or_default()
    }

    /// Returns the user who calls, or on whose behalf a service calls.
    pub fn user<T>(request: &Request<T>) -> Result<User, CallerError> {
        Self::of(request).user.ok_or(CallerError)
    }

    /// Returns the name of the calling service.
    pub fn service<T>(request: &Request<T>) -> Result<String, CallerError> {
        Self::of(request).service.ok_or(CallerError)
    }
}

impl User {
    /// Returns whether the user has the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

impl From<CallerError> for Status {
    fn from(CallerError: CallerError) -> Self {
        tracing::error!("a handler needs a caller that the method's access option does not guarantee");
        common(ErrorReason::Internal, "internal fault").into_status("orchard")
    }
}
