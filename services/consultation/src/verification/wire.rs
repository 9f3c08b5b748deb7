//! Decisions as received.

use orchard_proto::consultation::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};
use uuid::Uuid;

use super::Decision;
use crate::error::Error;
use crate::professional::etag::{read_etag, required_etag};

/// A decision that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) id: Uuid,
    pub(super) decision: Decision,
    /// Why, for the professional.
    pub(super) note: Option<String>,
    /// The version that the operator has read, if they say so.
    pub(super) version: Option<i64>,
}

pub(super) fn verify(request: &pb::VerifyProfessionalRequest) -> Result<Asked, Error> {
    let mut fields = Fields::default();
    let id = fields.read("professional_id", read::uuid(&request.professional_id));
    let version = fields.read("etag", required_etag(&request.etag));
    Ok(fields.finish(|| Ok(Asked { id: id?, decision: Decision::Verify, note: None, version: Some(version?) }))?)
}

pub(super) fn reject(request: &pb::RejectProfessionalRequest) -> Result<Asked, Error> {
    let mut fields = Fields::default();
    let id = fields.read("professional_id", read::uuid(&request.professional_id));
    let note = read_note(&mut fields, &request.note);
    let version = fields.read("etag", read_etag(&request.etag));
    Ok(fields.finish(|| Ok(Asked { id: id?, decision: Decision::Reject, note: Some(note?), version: version? }))?)
}

pub(super) fn suspend(request: &pb::SuspendProfessionalRequest) -> Result<Asked, Error> {
    let mut fields = Fields::default();
    let id = fields.read("professional_id", read::uuid(&request.professional_id));
    let note = read_note(&mut fields, &request.note);
    Ok(fields.finish(|| Ok(Asked { id: id?, decision: Decision::Suspend, note: Some(note?), version: None }))?)
}

pub(super) fn restore(request: &pb::RestoreProfessionalRequest) -> Result<Asked, Error> {
    let id = crate::request::id("professional_id", &request.professional_id)?;
    Ok(Asked { id, decision: Decision::Restore, note: None, version: None })
}

fn read_note(fields: &mut Fields, note: &str) -> Result<String, Invalid> {
    fields.read("note", read::long_text(note, 1..=1_000))
}
