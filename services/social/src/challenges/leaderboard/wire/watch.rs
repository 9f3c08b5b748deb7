//! Watching as sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Violations, open, read, seal};
use uuid::Uuid;

use super::stream::Watch;
use super::{Key, MOST, Seen, Update};
use crate::challenges::leaderboard::wire;

/// Bytes of a place in a token: its key, and the digest of what was told of it.
const PLACE: usize = 12;

pub(in crate::challenges::leaderboard) fn asked(
    request: &pb::WatchLeaderboardRequest,
    viewer: Uuid,
) -> Result<Watch, Violations> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let limit = fields.read("limit", read::within_or(request.limit, 10, 1..=100));
    let query = limit.map(|limit| query(&request.challenge_id, viewer, limit));
    let seen = match &query {
        Ok(query) if !request.resume_token.is_empty() => {
            let seen = read_token(query, &request.resume_token).ok_or_else(|| "is not of this query, or was changed".to_owned());
            fields.read("resume_token", seen).map(Some)
        }
        Ok(_) | Err(_) => Ok(None),
    };
    fields.finish(|| {
        let limit = usize::try_from(limit?).unwrap_or(MOST);
        Ok(Watch { challenge: challenge?, viewer, limit, seen: seen? })
    })
}

fn query(challenge: &str, viewer: Uuid, limit: i32) -> String {
    format!("WatchLeaderboard {challenge} {viewer} {limit}")
}

fn read_token(query: &str, token: &str) -> Option<Seen> {
    let (participants, lines): (i32, String) = open(query, token)?;
    let bytes = STANDARD_NO_PAD.decode(lines).ok()?;
    if bytes.len() % PLACE != 0 || bytes.len() > PLACE * MOST {
        return None;
    }
    let place = |bytes: &[u8]| (std::array::from_fn(|index| bytes[index]), std::array::from_fn(|index| bytes[8 + index]));
    Some(Seen { participants, lines: bytes.chunks_exact(PLACE).map(place).collect() })
}

fn token(query: &str, seen: &Seen) -> String {
    let bytes: Vec<u8> = seen.lines.iter().flat_map(|(key, digest)| key.iter().chain(digest)).copied().collect();
    seal(query, &(seen.participants, STANDARD_NO_PAD.encode(bytes)))
}

fn key(key: &Key) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the viewer of `request` is told.
pub(in crate::challenges::leaderboard) fn response(
    update: Update,
    request: &pb::WatchLeaderboardRequest,
    viewer: Uuid,
) -> pb::WatchLeaderboardResponse {
    let limit = if request.limit == 0 { 10 } else { request.limit };
    let resume_token = token(&query(&request.challenge_id, viewer, limit), &update.seen);
    let entries = update.lines.into_iter().map(|line| pb::WatchedEntry {
        entry_key: key(&line.key()),
        position: line.position,
        entry: Some(wire::entry(line.entry, line.rank, viewer)),
    });
    pb::WatchLeaderboardResponse {
        is_snapshot: update.is_snapshot,
        entries: entries.collect(),
        removed_entry_keys: update.removed.iter().map(key).collect(),
        participants: update.seen.participants,
        resume_token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_was_seen_and_good_for_one_query() {
        let seen = Seen { participants: 7, lines: vec![([1; 8], [2; 4]), ([3; 8], [4; 4])] };
        let viewer = Uuid::from_u128(1);
        let challenge_id = Uuid::from_u128(2).to_string();
        let resume_token = token(&query(&challenge_id, viewer, 10), &seen);
        let request = pb::WatchLeaderboardRequest { challenge_id, limit: 0, resume_token };
        assert_eq!(asked(&request, viewer).map(|watch| watch.seen).ok(), Some(Some(seen)));
        assert!(asked(&request, Uuid::from_u128(3)).is_err());
        assert!(asked(&pb::WatchLeaderboardRequest { limit: 9, ..request.clone() }, viewer).is_err());
        let full = Seen { participants: i32::MAX, lines: vec![([255; 8], [255; 4]); MOST] };
        assert!(token("q", &full).len() < 2_600, "it is in each message");
    }
}
