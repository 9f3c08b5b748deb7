//! Conversions of watched leaderboards from and to protobuf.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, open, read, seal};
use uuid::Uuid;

use super::entry;
use crate::challenges::leaderboard::watch::{EntryKey, LastSent, MAX_ENTRIES, Update, Watch};
use crate::error::Error;

/// Entries that are watched unless the request says otherwise.
const DEFAULT_LIMIT: i32 = 10;
/// Bytes of an entry in a token: its key and its digest.
const ENTRY_BYTES: usize = 12;

pub(in crate::challenges::leaderboard) fn read(request: &pb::WatchLeaderboardRequest, viewer: Uuid) -> Result<Watch, Error> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let limit = fields.read("limit", read::within_or(request.limit, DEFAULT_LIMIT, 1..=100));
    let query = limit.map(|limit| query(&request.challenge_id, viewer, limit));
    let sent = match &query {
        Ok(query) if !request.resume_token.is_empty() => {
            let sent = read_token(query, &request.resume_token).ok_or_else(|| "is not of this query, or was changed".to_owned());
            fields.read("resume_token", sent).map(Some)
        }
        Ok(_) | Err(_) => Ok(None),
    };
    Ok(fields.finish(|| {
        let limit = usize::try_from(limit?).unwrap_or(MAX_ENTRIES);
        Ok(Watch { challenge: challenge?, viewer, limit, sent: sent? })
    })?)
}

fn query(challenge: &str, viewer: Uuid, limit: i32) -> String {
    format!("WatchLeaderboard {challenge} {viewer} {limit}")
}

fn read_token(query: &str, token: &str) -> Option<LastSent> {
    let (watch, participants, entries): (Uuid, i32, String) = open(query, token)?;
    let bytes = STANDARD_NO_PAD.decode(entries).ok()?;
    let entry = |bytes: &[u8]| (std::array::from_fn(|index| bytes[index]), std::array::from_fn(|index| bytes[8 + index]));
    Some(LastSent { watch, participants, entries: bytes.chunks_exact(ENTRY_BYTES).map(entry).collect() })
}

fn token(query: &str, sent: &LastSent) -> String {
    let bytes: Vec<u8> = sent.entries.iter().flat_map(|(key, digest)| key.iter().chain(digest)).copied().collect();
    seal(query, &(sent.watch, sent.participants, STANDARD_NO_PAD.encode(bytes)))
}

fn entry_key(key: &EntryKey) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Converts an update for the viewer of `request`.
pub(in crate::challenges::leaderboard) fn response(
    update: Update,
    request: &pb::WatchLeaderboardRequest,
    viewer: Uuid,
) -> pb::WatchLeaderboardResponse {
    let limit = if request.limit == 0 { DEFAULT_LIMIT } else { request.limit };
    let resume_token = token(&query(&request.challenge_id, viewer, limit), &update.sent);
    let watch = update.sent.watch;
    let entries = update.entries.into_iter().map(|watched| pb::WatchedEntry {
        entry_key: entry_key(&watched.key(watch)),
        position: watched.position,
        entry: Some(entry(watched.entry, watched.rank, viewer)),
    });
    pb::WatchLeaderboardResponse {
        is_snapshot: update.is_snapshot,
        entries: entries.collect(),
        removed_entry_keys: update.removed.iter().map(entry_key).collect(),
        participant_count: update.sent.participants,
        resume_token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_what_was_sent_and_is_good_for_one_query() {
        let sent = LastSent { watch: Uuid::from_u128(9), participants: 7, entries: vec![([1; 8], [2; 4]), ([3; 8], [4; 4])] };
        let viewer = Uuid::from_u128(1);
        let challenge_id = Uuid::from_u128(2).to_string();
        let resume_token = token(&query(&challenge_id, viewer, 10), &sent);
        let request = pb::WatchLeaderboardRequest { challenge_id, limit: 0, resume_token };
        assert_eq!(read(&request, viewer).map(|watch| watch.sent).ok(), Some(Some(sent)));
        assert!(read(&request, Uuid::from_u128(3)).is_err());
        assert!(read(&pb::WatchLeaderboardRequest { limit: 9, ..request.clone() }, viewer).is_err());
        let full = LastSent { watch: Uuid::max(), participants: i32::MAX, entries: vec![([255; 8], [255; 4]); MAX_ENTRIES] };
        assert!(token("q", &full).len() < 2_700, "each message has one");
    }
}
