//! Kinds of caller, and how each is turned away.

use std::time::Duration;

use chrono::Utc;
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

use super::Admits;
use crate::client::Headers;
use crate::keys::{AUDIENCE, DevKeys, Signer, USER_ISSUER, WORKLOAD_ISSUER, WORKLOADS};

const HOUR: Duration = Duration::from_secs(3600);

/// A kind of caller. Services are called by their workload names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Somebody without a token.
    Nobody,
    /// A user without a role.
    User,
    /// A user who is a moderator.
    Moderator,
    /// A user who is an operator.
    Operator,
    /// A service on its own behalf.
    Service(&'static str),
    /// A service with a user's token beside its own.
    ServiceForUser(&'static str),
    /// A user whose token was good a minute ago.
    ExpiredUser,
    /// A service whose token was good a minute ago.
    ExpiredService(&'static str),
    /// A user whose token is for another audience.
    ForeignUser,
    /// A service whose token is for another audience.
    ForeignService(&'static str),
}

use Actor::{
    ExpiredService, ExpiredUser, ForeignService, ForeignUser, Moderator, Nobody, Operator, Service, ServiceForUser, User,
};

/// Users of any role, and all services that act for one.
pub const USERS: &[Actor] = &[
    User,
    Moderator,
    Operator,
    ServiceForUser("family"),
    ServiceForUser("social"),
    ServiceForUser("recipe"),
    ServiceForUser("consultation"),
    ServiceForUser("edge"),
    ServiceForUser("identity"),
    ServiceForUser("commerce"),
    ServiceForUser("billing"),
];

impl Actor {
    /// Every kind.
    pub fn all() -> Vec<Self> {
        let kinds = |name| [Service(name), ServiceForUser(name), ExpiredService(name), ForeignService(name)];
        let users = [Nobody, User, Moderator, Operator, ExpiredUser, ForeignUser];
        users.into_iter().chain(WORKLOADS.into_iter().flat_map(kinds)).collect()
    }

    /// What it sends.
    pub fn headers(self, keys: &DevKeys) -> anyhow::Result<Headers> {
        let user = |roles: &[&str]| Headers::bearer(&keys.user_token(Uuid::new_v4(), roles, HOUR)?);
        let signed = |signer, claims: Value| Headers::bearer(&keys.sign(signer, &claims)?);
        match self {
            Nobody => Ok(Headers::none()),
            User => user(&[]),
            Moderator => user(&["moderator"]),
            Operator => user(&["operator"]),
            Service(name) => Headers::bearer(&keys.workload_token(name, HOUR)?),
            ServiceForUser(name) => {
                Service(name).headers(keys)?.with("x-orchard-user-token", &keys.user_token(Uuid::new_v4(), &[], HOUR)?)
            }
            ExpiredUser => signed(Signer::Users, of_user(AUDIENCE, -60)),
            ForeignUser => signed(Signer::Users, of_user("another", 60)),
            ExpiredService(name) => signed(Signer::Workload(name), of_service(name, AUDIENCE, -60)),
            ForeignService(name) => signed(Signer::Workload(name), of_service(name, "another", 60)),
        }
    }

    /// How a method that admits those turns this one away; not at all when it is one of them.
    pub(super) fn denial(self, admits: Admits) -> Option<(Code, &'static str)> {
        match admits {
            Admits::Everybody => None,
            Admits::Hidden => Some((Code::Unimplemented, "METHOD_UNKNOWN")),
            Admits::Only(actors) if actors.iter().any(|some| some.contains(&self)) => None,
            Admits::Only(_) => Some(match self {
                Nobody => (Code::Unauthenticated, "TOKEN_MISSING"),
                ExpiredUser | ExpiredService(_) => (Code::Unauthenticated, "TOKEN_EXPIRED"),
                ForeignUser | ForeignService(_) => (Code::Unauthenticated, "TOKEN_INVALID"),
                User | Moderator | Operator | Service(_) | ServiceForUser(_) => (Code::PermissionDenied, "CALLER_NOT_ADMITTED"),
            }),
        }
    }
}

/// Whether a reason is one for which a caller is turned away before any handler sees the call.
pub(super) fn is_denial(reason: &str) -> bool {
    ["METHOD_UNKNOWN", "TOKEN_MISSING", "TOKEN_EXPIRED", "TOKEN_INVALID", "CALLER_NOT_ADMITTED"].contains(&reason)
}

fn of_user(audience: &str, seconds: i64) -> Value {
    claims(USER_ISSUER, &Uuid::new_v4().to_string(), audience, seconds)
}

fn of_service(name: &str, audience: &str, seconds: i64) -> Value {
    claims(WORKLOAD_ISSUER, &format!("service:{name}"), audience, seconds)
}

fn claims(issuer: &str, subject: &str, audience: &str, seconds: i64) -> Value {
    let now = Utc::now().timestamp();
    json!({ "iss": issuer, "sub": subject, "aud": audience, "iat": now - 3600, "exp": now + seconds })
}
