//! One request for a view, and the calls that it makes.

use std::time::Duration;

use orchard_client::Authorized;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_proto::social::v1::{GetProfileRequest, Profile};
use orchard_rpc::{Answer, Deadline};
use orchard_server::Caller;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::section::{Section, now};
use crate::upstream::{Slice, Upstreams, fault, passed_on, unavailable};

/// The share of the time left to the caller that calls for sections may take: two waves of calls leave a quarter.
const SHARE: u32 = 2;

/// A request for a view.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) upstreams: &'a Upstreams,
    /// Whom the view is for.
    pub(crate) user: Uuid,
    token: String,
}

impl<'a> View<'a> {
    /// Reads whom a view is for.
    pub(crate) fn of<T>(request: &Request<T>, upstreams: &'a Upstreams) -> Result<Self, Status> {
        let user = Caller::user(request)?;
        Ok(Self { upstreams, user: user.id, token: user.token })
    }

    /// Asks for the heart of the view. Without it there is no view, and the status is the view's own.
    pub(crate) async fn heart<T>(&self, slice: &Slice, call: impl AsyncFnOnce(Authorized) -> Answer<T>) -> Result<T, Status> {
        self.ask(slice, None, call).await
    }

    /// Asks for a section.
    pub(crate) async fn section<T>(&self, slice: &Slice, call: impl AsyncFnOnce(Authorized) -> Answer<T>) -> Section<T> {
        let asked = now();
        Section::of(self.ask(slice, section_limit(), call).await, asked)
    }

    /// Asks for a section that has no content when the slice refuses for one of these reasons.
    pub(crate) async fn optional<T>(
        &self,
        slice: &Slice,
        reasons: &[&str],
        call: impl AsyncFnOnce(Authorized) -> Answer<T>,
    ) -> Section<Option<T>> {
        let asked = now();
        let answer = match self.ask(slice, section_limit(), call).await {
            Ok(content) => Ok(Some(content)),
            Err(status) if reason(&status).is_some_and(|reason| reasons.contains(&reason.as_str())) => Ok(None),
            Err(status) => Err(status),
        };
        Section::of(answer, asked)
    }

    /// Asks for the profile of a user; an empty id is nobody's.
    pub(crate) async fn profile(&self, user_id: &str) -> Section<Option<Profile>> {
        if user_id.is_empty() {
            return Section::known(None);
        }
        let request = GetProfileRequest { user_id: user_id.to_owned() };
        let social = &self.upstreams.social;
        let call = async |channel| ProfileServiceClient::new(channel).get_profile(request).await;
        self.section(social, call).await.map(|answer| answer.profile)
    }

    /// Makes a call that may take as long as views wait for the slice, the caller waits, and `limit` says.
    async fn ask<T>(
        &self,
        slice: &Slice,
        limit: Option<Duration>,
        call: impl AsyncFnOnce(Authorized) -> Answer<T>,
    ) -> Result<T, Status> {
        let Slice { upstream, patience } = slice;
        let channel = upstream.on_behalf_of(&self.token).map_err(|error| fault(upstream, error))?;
        let longest = patience.limit();
        let deadline = Deadline::within(limit.map_or(longest, |limit| limit.min(longest)));
        let is_callers = Deadline::current() == Some(deadline);
        // A caller who waits for a shorter time says nothing about the slice.
        let is_full = !is_callers && limit.is_none_or(|limit| limit >= longest);
        // Boxed, because a view waits for many calls at once.
        let answer = Box::pin(deadline.scope(call(channel))).await;
        match answer {
            Err(status) if !is_callers && status.code() == Code::DeadlineExceeded => {
                if is_full {
                    patience.late();
                }
                // The caller has time left: it is the slice that is too slow.
                Err(unavailable(upstream.name()))
            }
            answer => {
                if !is_callers {
                    patience.ended();
                }
                answer.map(Response::into_inner).map_err(|status| passed_on(upstream, status))
            }
        }
    }
}

/// Returns the longest that a section may take of the caller's time.
fn section_limit() -> Option<Duration> {
    Deadline::current().map(|callers| callers.remaining() / SHARE)
}

fn reason(status: &Status) -> Option<String> {
    Some(status.get_details_error_info()?.reason)
}
