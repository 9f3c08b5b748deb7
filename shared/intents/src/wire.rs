//! Intents as sent, and the requests of operators.

use chrono::{DateTime, Utc};
use orchard_proto::intents::v1 as pb;
use orchard_rpc::{Fields, PageRequest, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use crate::store::Intent;

pub(crate) fn intent(intent: Intent) -> pb::Intent {
    pb::Intent {
        intent_id: intent.id.to_string(),
        kind: intent.kind,
        step: intent.step,
        subject_id: intent.subject_id.to_string(),
        attempts: intent.attempts,
        last_failure: intent.last_failure.unwrap_or_default(),
        due_time: Some(timestamp_to_wire(intent.due_at)),
        create_time: Some(timestamp_to_wire(intent.created_at)),
    }
}

pub(crate) fn page(request: &pb::ListIntentsRequest, operator: Uuid) -> Result<PageRequest<(DateTime<Utc>, Uuid)>, Violations> {
    let mut fields = Fields::default();
    let query = format!("ListIntents {operator} {}", request.failing_only);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| page)
}

pub(crate) fn id(intent_id: &str) -> Result<Uuid, Violations> {
    let mut fields = Fields::default();
    let id = fields.read("intent_id", read::uuid(intent_id));
    fields.finish(|| id)
}
