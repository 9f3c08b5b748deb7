//! Conversions of reports and decisions from and to protobuf.

use orchard_proto::recipe::v1 as pb;
use orchard_rpc::{Fields, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Complaint, Decision, DecisionKind, Report, ReportReason, ReportedRecipe};
use crate::error::Error;
use crate::people::Profiles;
use crate::recipe;

orchard_rpc::wire_enum!(ReportReason <=> pb::ReportReason: Spam, Offensive, Dangerous, Copied, Other);
orchard_rpc::wire_enum!(DecisionKind => pb::DecisionKind: Hide, Restore, Dismiss, Feature, Unfeature);

/// Reads a report: the recipe, and what the user says.
pub(super) fn report(request: &pb::ReportRecipeRequest) -> Result<(Uuid, Complaint), Error> {
    let mut fields = Fields::default();
    let recipe = fields.read("recipe_id", read::uuid(&request.recipe_id));
    let reason = fields.read("reason", ReportReason::try_from(request.reason));
    let least = usize::from(reason.is_ok_and(|reason| reason == ReportReason::Other));
    let note = fields.read("note", read::long_text(&request.note, least..=500));
    Ok(fields.finish(|| Ok((recipe?, Complaint { reason: reason?, note: Some(note?).filter(|note| !note.is_empty()) })))?)
}

/// Reads the recipe that a moderator decides about, and the note.
pub(super) fn decision(recipe_id: &str, note: &str) -> Result<(Uuid, Option<String>), Error> {
    let mut fields = Fields::default();
    let recipe = fields.read("recipe_id", read::uuid(recipe_id));
    let note = fields.read("note", read::long_text(note, 0..=500));
    Ok(fields.finish(|| Ok((recipe?, Some(note?).filter(|note| !note.is_empty()))))?)
}

pub(super) fn reported(reported: ReportedRecipe, authors: &Profiles) -> pb::ReportedRecipe {
    pb::ReportedRecipe {
        recipe: Some(recipe::wire::summary(reported.recipe, authors)),
        open_report_count: reported.open_reports,
        oldest_report_time: Some(timestamp_to_wire(reported.reported_at)),
    }
}

pub(super) fn report_to_wire(report: Report) -> pb::Report {
    pb::Report {
        report_id: report.id.to_string(),
        reason: report.complaint.reason.into(),
        note: report.complaint.note.unwrap_or_default(),
        report_time: Some(timestamp_to_wire(report.created_at)),
        is_open: report.is_open,
    }
}

pub(super) fn decision_to_wire(decision: Decision) -> pb::Decision {
    pb::Decision {
        decision_id: decision.id.to_string(),
        recipe_id: decision.recipe_id.to_string(),
        kind: decision.kind.into(),
        moderator_user_id: decision.moderator_id.to_string(),
        note: decision.note.unwrap_or_default(),
        closed_report_count: decision.closed_reports,
        decision_time: Some(timestamp_to_wire(decision.created_at)),
    }
}
