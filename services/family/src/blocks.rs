//! Blocks between users, as the social service tells them: what the blocked send does not reach who blocked them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use orchard_db::Connection;
use orchard_events::NotApplied;
use orchard_privacy::roll;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, read};
use prost_types::Any;
use uuid::Uuid;

use crate::schema::user_blocks;

/// A user has blocked another, or does not block them any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockChange {
    blocker: Uuid,
    blocked: Uuid,
    is_blocked: bool,
}

impl BlockChange {
    /// Reads an event about a block.
    pub fn read(payload: &Any) -> Result<Self, String> {
        let message = |error: prost::DecodeError| error.to_string();
        match payload.type_url.rsplit('/').next() {
            Some("orchard.social.v1.UserBlocked") => {
                let event: pb::UserBlocked = payload.to_msg().map_err(message)?;
                change(&event.blocker_user_id, &event.blocked_user_id, true)
            }
            Some("orchard.social.v1.UserUnblocked") => {
                let event: pb::UserUnblocked = payload.to_msg().map_err(message)?;
                change(&event.blocker_user_id, &event.blocked_user_id, false)
            }
            _ => Err(format!("events {} are not handled", payload.type_url)),
        }
    }

    pub(crate) async fn apply(self, connection: &mut Connection) -> Result<(), NotApplied> {
        let Self { blocker, blocked, is_blocked } = self;
        if !is_blocked {
            diesel::delete(user_blocks::table.find((blocker, blocked))).execute(connection).await?;
            return Ok(());
        }
        // In the order of ids, as all who add several users. Users who were erased block nobody.
        for user in [blocker.min(blocked), blocker.max(blocked)] {
            if !roll::enrol(connection, user).await? {
                return Ok(());
            }
        }
        let block = (user_blocks::blocker_user_id.eq(blocker), user_blocks::blocked_user_id.eq(blocked));
        diesel::insert_into(user_blocks::table).values(block).on_conflict_do_nothing().execute(connection).await?;
        Ok(())
    }
}

fn change(blocker: &str, blocked: &str, is_blocked: bool) -> Result<BlockChange, String> {
    let mut fields = Fields::default();
    let blocker = fields.read("blocker_user_id", read::uuid(blocker));
    let blocked = fields.read("blocked_user_id", read::uuid(blocked));
    fields.finish(|| Ok(BlockChange { blocker: blocker?, blocked: blocked?, is_blocked })).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read() {
        let [blocker, blocked] = [1, 2].map(Uuid::from_u128);
        let (blocker_user_id, blocked_user_id) = (blocker.to_string(), blocked.to_string());
        let event = pb::UserBlocked { blocker_user_id: blocker_user_id.clone(), blocked_user_id: blocked_user_id.clone() };
        let event = Any::from_msg(&event).expect("an event");
        assert_eq!(BlockChange::read(&event), Ok(BlockChange { blocker, blocked, is_blocked: true }));
        let event = Any::from_msg(&pb::UserUnblocked { blocker_user_id, blocked_user_id }).expect("an event");
        assert_eq!(BlockChange::read(&event), Ok(BlockChange { blocker, blocked, is_blocked: false }));
        assert!(BlockChange::read(&Any::from_msg(&pb::UserBlocked::default()).expect("an event")).is_err());
    }
}
