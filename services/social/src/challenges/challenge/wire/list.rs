//! Reading requests for lists of challenges.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, PageRequest, read};
use uuid::Uuid;

use crate::challenges::challenge::Challenge;
use crate::challenges::challenge::store::{Filter, ListCursor, Phase};
use crate::error::Error;

/// Maximum number of words to search for.
const MAX_WORDS: usize = 10;

impl ListCursor {
    /// Returns the sort key of a challenge.
    pub(in crate::challenges::challenge) fn of(challenge: &Challenge) -> Self {
        Self { featured_priority: challenge.featured_priority, start_date: challenge.terms.start_date, id: challenge.id }
    }
}

pub(in crate::challenges::challenge) fn list(
    request: &pb::ListChallengesRequest,
    viewer: Uuid,
) -> Result<(Filter, PageRequest<ListCursor>), Error> {
    let mut fields = Fields::default();
    let phase = fields.read("phase", read_phase(request.phase));
    let challenge_type = fields.read("challenge_type", read::optional_enumeration(request.challenge_type));
    let difficulty = fields.read("difficulty_level", read::within(request.difficulty_level, 0..=5));
    let words = fields.read("text", read_words(&request.text));
    let filter = (request.phase, request.challenge_type, request.difficulty_level, &request.text);
    let page =
        PageRequest::read(&mut fields, format!("ListChallenges {viewer} {filter:?}"), request.page_size, &request.page_token);
    Ok(fields.finish(|| {
        let difficulty_level = Some(difficulty?).filter(|level| *level > 0);
        Ok((Filter { phase: phase?, challenge_type: challenge_type?, difficulty_level, words: words? }, page?))
    })?)
}

fn read_phase(phase: i32) -> Result<Phase, String> {
    match pb::ChallengePhase::try_from(phase) {
        Ok(pb::ChallengePhase::Unspecified) => Ok(Phase::NotOver),
        Ok(pb::ChallengePhase::Active) => Ok(Phase::Active),
        Ok(pb::ChallengePhase::Upcoming) => Ok(Phase::Upcoming),
        Err(_) => Err(format!("has no value {phase}")),
    }
}

fn read_words(text: &str) -> Result<Vec<String>, String> {
    let text = read::text(text, 0..=100)?;
    let words = text.split(|one: char| one.is_whitespace() || one.is_ascii() && !one.is_ascii_alphanumeric());
    let words: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    match words.len() {
        0 if !text.is_empty() => Err("must have a letter or a digit".to_owned()),
        0..=MAX_WORDS => Ok(words),
        _ => Err(format!("must have at most {MAX_WORDS} words")),
    }
}
