//! Erasures in protobuf.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use orchard_privacy::Receipt;
use orchard_proto::privacy::v1 as privacy;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, PageRequest, read, timestamp_to_wire};
use strum::VariantArray as _;
use uuid::Uuid;

use super::store::Answer;
use super::{Eraser, Erasure, ErasureState};
use crate::error::Error;

/// Reads which erasure is meant: that of the caller if it is not named.
pub(super) fn id(erasure_id: &str) -> Result<Option<Uuid>, Error> {
    Ok(Fields::one("erasure_id", read::optional_uuid(erasure_id))?)
}

pub(super) fn list(request: &pb::ListErasuresRequest, operator: Uuid) -> Result<PageRequest<(DateTime<Utc>, Uuid)>, Error> {
    let query = format!("ListErasures {operator} {}", request.open_only);
    Ok(PageRequest::alone(query, request.page_size, &request.page_token)?)
}

pub(super) fn erasure(erasure: &Erasure, answers: Vec<Answer>, last_failure: Option<String>) -> pb::Erasure {
    let answered: BTreeSet<Eraser> = answers.iter().map(|answer| answer.eraser).collect();
    let waiting = Eraser::VARIANTS.iter().filter(|eraser| !answered.contains(eraser));
    let waiting_services = match erasure.state {
        ErasureState::Running => waiting.map(|eraser| <&str>::from(eraser).to_owned()).collect(),
        ErasureState::Requested | ErasureState::Done => Vec::new(),
    };
    pb::Erasure {
        erasure_id: erasure.id.to_string(),
        state: erasure.state.into(),
        requester: erasure.requester.into(),
        create_time: Some(timestamp_to_wire(erasure.requested_at)),
        begin_time: Some(timestamp_to_wire(erasure.begins_at)),
        deadline_time: Some(timestamp_to_wire(erasure.deadline)),
        end_time: erasure.ended_at.map(timestamp_to_wire),
        receipts: answers.into_iter().map(answer).collect(),
        waiting_services,
        last_failure: last_failure.unwrap_or_default(),
    }
}

fn answer(answer: Answer) -> pb::ErasureReceipt {
    let service: &str = answer.eraser.into();
    pb::ErasureReceipt {
        service: service.to_owned(),
        erase_time: Some(timestamp_to_wire(answer.answered_at)),
        table_counts: orchard_privacy::table_counts(&answer.receipt),
    }
}

/// Reads the answer of another service.
pub(super) fn receipt(response: privacy::EraseUserResponse) -> Receipt {
    let mut receipt = Receipt::default();
    for privacy::TableCount { table, rows_deleted, rows_pseudonymised } in response.table_counts {
        let count = |rows: i64| usize::try_from(rows).unwrap_or_default();
        receipt.add(table, count(rows_deleted), count(rows_pseudonymised));
    }
    receipt
}
