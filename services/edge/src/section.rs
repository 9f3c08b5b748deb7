//! Sections of views: what a slice has answered, or why it is missing.

use std::collections::HashMap;
use std::time::SystemTime;

use orchard_proto::edge::v1 as pb;
use orchard_proto::recipe::v1::SearchRecipesResponse;
use orchard_proto::social::v1::{Achievement, ListChallengesResponse, ListStandingsResponse, Profile};
use prost_types::Timestamp;
use tonic::{Code, Status};

/// The most entries of a list in a view.
pub(crate) const LENGTH: usize = 10;
/// The same, as pages of slices are asked for.
pub(crate) const PAGE_SIZE: i32 = 10;

/// A section of a view.
#[derive(Debug, PartialEq)]
pub(crate) enum Section<T> {
    /// All of it, and when it was read.
    Whole(T, Timestamp),
    /// The caller may not see it.
    Denied,
    /// A slice has no usable answer.
    Unavailable,
}

/// Returns the present moment by the clock of the edge.
pub(crate) fn now() -> Timestamp {
    SystemTime::now().into()
}

impl<T> Section<T> {
    /// A section that needs no slice.
    pub(crate) fn known(content: T) -> Self {
        Self::Whole(content, now())
    }

    /// Takes what a slice has answered that was asked at a moment. Only a slice's own refusal denies a section.
    pub(crate) fn of(answer: Result<T, Status>, asked: Timestamp) -> Self {
        match answer {
            Ok(content) => Self::Whole(content, asked),
            Err(status) => match status.code() {
                Code::NotFound | Code::PermissionDenied | Code::FailedPrecondition => Self::Denied,
                _ => Self::Unavailable,
            },
        }
    }

    /// Converts the content.
    pub(crate) fn map<U>(self, convert: impl FnOnce(T) -> U) -> Section<U> {
        self.then(|content, as_of| Section::Whole(convert(content), as_of))
    }

    /// Goes on with the content and when it was read.
    pub(crate) fn then<U>(self, next: impl FnOnce(T, Timestamp) -> Section<U>) -> Section<U> {
        match self {
            Self::Whole(content, as_of) => next(content, as_of),
            Self::Denied => Section::Denied,
            Self::Unavailable => Section::Unavailable,
        }
    }

    /// Makes one section of two: it is as old as the older of them, and is missing if one is.
    pub(crate) fn and<U>(self, other: Section<U>) -> Section<(T, U)> {
        match (self, other) {
            (Self::Whole(one, read), Section::Whole(two, also)) => {
                let older = if (read.seconds, read.nanos) <= (also.seconds, also.nanos) { read } else { also };
                Section::Whole((one, two), older)
            }
            (Self::Unavailable, _) | (_, Section::Unavailable) => Section::Unavailable,
            (Self::Denied, _) | (_, Section::Denied) => Section::Denied,
        }
    }

    /// Returns the content, if there is any.
    pub(crate) fn content(&self) -> Option<&T> {
        match self {
            Self::Whole(content, _) => Some(content),
            Self::Denied | Self::Unavailable => None,
        }
    }

    /// Returns the content and the status to send.
    pub(crate) fn parts(self) -> (Option<T>, Option<pb::SectionStatus>) {
        let status = |state: pb::SectionState, as_of| Some(pb::SectionStatus { state: state.into(), as_of });
        match self {
            Self::Whole(content, as_of) => (Some(content), status(pb::SectionState::Ok, Some(as_of))),
            Self::Denied => (None, status(pb::SectionState::Denied, None)),
            Self::Unavailable => (None, status(pb::SectionState::Unavailable, None)),
        }
    }

    /// Returns the content, or its default, which is sent as absent, and the status to send.
    pub(crate) fn parts_or_default(self) -> (T, Option<pb::SectionStatus>)
    where
        T: Default,
    {
        let (content, status) = self.parts();
        (content.unwrap_or_default(), status)
    }
}

impl From<Section<Option<Profile>>> for pb::ProfileSection {
    fn from(section: Section<Option<Profile>>) -> Self {
        let (profile, status) = section.parts_or_default();
        Self { status, profile }
    }
}

impl From<Section<SearchRecipesResponse>> for pb::RecipesSection {
    fn from(section: Section<SearchRecipesResponse>) -> Self {
        // Whose recipes may be shown is the social slice's to say.
        let known = section.then(|answer, as_of| match answer.profiles_unavailable {
            true => Section::Unavailable,
            false => Section::Whole(answer.results.into_iter().take(LENGTH).collect(), as_of),
        });
        let (results, status) = known.parts_or_default();
        Self { status, results }
    }
}

impl From<Section<ListChallengesResponse>> for pb::ChallengesSection {
    fn from(section: Section<ListChallengesResponse>) -> Self {
        let (challenges, status) = section.map(|answer| answer.challenges).parts_or_default();
        Self { status, challenges }
    }
}

impl From<Section<ListStandingsResponse>> for pb::StandingsSection {
    fn from(section: Section<ListStandingsResponse>) -> Self {
        let (standings, status) = section.map(|answer| answer.standings).parts_or_default();
        Self { status, standings }
    }
}

/// Puts achievements and their users together. Those of users whom the caller may not see are left out.
pub(crate) fn highlights(achievements: Vec<Achievement>, profiles: Vec<Profile>) -> Vec<pb::Highlight> {
    let profiles: HashMap<String, Profile> = profiles.into_iter().map(|profile| (profile.user_id.clone(), profile)).collect();
    let highlight = |achievement: Achievement| {
        let profile = profiles.get(&achievement.user_id)?.clone();
        Some(pb::Highlight { achievement: Some(achievement), profile: Some(profile) })
    };
    achievements.into_iter().filter_map(highlight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanos: 0 }
    }

    #[test]
    fn only_refusals_of_the_caller_deny_a_section() {
        let of = |code| Section::<()>::of(Err(Status::new(code, "")), at(1));
        for code in [Code::NotFound, Code::PermissionDenied, Code::FailedPrecondition] {
            assert_eq!(of(code), Section::Denied, "{code:?}");
        }
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Internal, Code::ResourceExhausted, Code::Unimplemented] {
            assert_eq!(of(code), Section::Unavailable, "{code:?}");
        }
    }

    #[test]
    fn two_sections_are_as_old_as_the_older_and_missing_if_one_is() {
        let whole = |seconds| Section::Whole(seconds, at(seconds));
        assert_eq!(whole(1).and(whole(2)), Section::Whole((1, 2), at(1)));
        assert_eq!(whole(2).and(whole(1)), Section::Whole((2, 1), at(1)));
        assert_eq!(whole(1).and(Section::<()>::Denied), Section::Denied);
        assert_eq!(Section::<()>::Denied.and(Section::<()>::Unavailable), Section::Unavailable);
        assert_eq!(Section::<()>::Unavailable.and(whole(1)), Section::Unavailable);
    }
}
