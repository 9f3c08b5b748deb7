//! Entries as sent.

use orchard_proto::family::v1 as pb;
use orchard_rpc::{Currency, timestamp_to_wire};
use uuid::Uuid;

use super::{EntryKind, WalletEntry};
use crate::wire::id_text;

orchard_rpc::wire_enum!(EntryKind => pb::EntryKind: Deposit, Spend, Capture, Refund);

/// Converts an entry as a member may see it, or, without a viewer, as the service that moves the money sees it.
pub(crate) fn entry(entry: WalletEntry, viewer: Option<Uuid>, currency: &Currency) -> pb::Entry {
    let reason = viewer.map_or(entry.reason.as_str(), |viewer| entry.reason_for(viewer)).to_owned();
    pb::Entry {
        entry_id: entry.id.to_string(),
        kind: entry.kind.into(),
        amount: Some(currency.to_wire(&entry.amount)),
        balance: Some(currency.to_wire(&entry.balance)),
        user_id: id_text(entry.user_id),
        reason,
        create_time: Some(timestamp_to_wire(entry.created_at)),
        service: entry.service,
    }
}
