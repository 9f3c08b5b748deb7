//! Professionals as received and sent.

use bigdecimal::{BigDecimal, ToPrimitive as _};
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::consultation::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, read, timestamp_to_wire};
use uuid::Uuid;

use super::etag::{etag, read_etag};
use super::{
    DEFAULT_LANGUAGE, Document, DocumentKind, MAX_RATE, Professional, Profile, Specialization, VerificationStatus, Viewer,
};
use crate::error::Error;

orchard_rpc::wire_enum!(Specialization <=> pb::Specialization: Diabetes, HeartHealth, SportsNutrition);
orchard_rpc::wire_enum!(VerificationStatus => pb::VerificationStatus: Pending, Verified, Suspended);
orchard_rpc::wire_enum!(DocumentKind <=> pb::DocumentKind: Identity, Licence, Degree, Certificate, Insurance);

/// The most professionals that one request may ask for.
const MAX_BATCH: usize = 50;

const PATHS: [&str; 9] = [
    "professional_name",
    "credentials",
    "specializations",
    "bio",
    "years_experience",
    "consultation_rate",
    "languages",
    "profile_image_url",
    "is_available",
];

/// A professional to create.
#[derive(Debug, Clone)]
pub(super) struct NewProfessional {
    pub(super) key: Key,
    pub(super) profile: Profile,
}

/// A change that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Update {
    pub(super) id: Uuid,
    /// The version that the caller has read, if they say so.
    pub(super) version: Option<i64>,
    pub(super) patch: Patch,
}

/// New values of what a professional states.
#[derive(Debug, Clone, Default)]
pub(super) struct Patch {
    pub(super) professional_name: Option<String>,
    pub(super) credentials: Option<Vec<String>>,
    pub(super) specializations: Option<Vec<Specialization>>,
    pub(super) bio: Option<Option<String>>,
    pub(super) years_experience: Option<Option<i32>>,
    pub(super) consultation_rate: Option<Option<BigDecimal>>,
    pub(super) languages: Option<Vec<String>>,
    pub(super) profile_image_url: Option<Option<String>>,
    pub(super) is_available: Option<bool>,
}

pub(super) fn new_professional(
    request: &pb::CreateProfessionalRequest,
    caller: Uuid,
    currency: &Currency,
) -> Result<NewProfessional, Error> {
    let stated = pb::Professional {
        professional_name: request.professional_name.clone(),
        credentials: request.credentials.clone(),
        specializations: request.specializations.clone(),
        bio: request.bio.clone(),
        years_experience: request.years_experience,
        consultation_rate: request.consultation_rate.clone(),
        languages: request.languages.clone(),
        profile_image_url: request.profile_image_url.clone(),
        ..Default::default()
    };
    let mut fields = Fields::default();
    let patch = read_patch(&mut fields, &PATHS, &stated, currency);
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let patch = patch?;
        let profile = Profile {
            professional_name: patch.professional_name.unwrap_or_default(),
            credentials: patch.credentials.unwrap_or_default(),
            specializations: patch.specializations.unwrap_or_default(),
            bio: patch.bio.flatten(),
            years_experience: patch.years_experience.flatten(),
            consultation_rate: patch.consultation_rate.flatten(),
            languages: patch.languages.unwrap_or_default(),
            profile_image_url: patch.profile_image_url.flatten(),
            is_available: true,
        };
        Ok(NewProfessional { key: Key::new(caller, "CreateProfessional", request_id?, Keep::Days30, request), profile })
    })?)
}

/// Reads the fields that the mask names.
fn read_patch(fields: &mut Fields, mask: &[&str], stated: &pb::Professional, currency: &Currency) -> Result<Patch, Invalid> {
    let names = |text: &String| read::text(text, 1..=50);
    let is_asked = |name: &str| mask.contains(&name);
    let professional_name = fields.masked(mask, "professional_name", || read::text(&stated.professional_name, 1..=100));
    let mut list = |name, values: &[String]| is_asked(name).then(|| fields.values(name, 0..=20, values, names)).transpose();
    let credentials = list("credentials", &stated.credentials);
    let specializations = is_asked("specializations")
        .then(|| fields.values("specializations", 0..=3, &stated.specializations, |value| (*value).try_into()))
        .transpose();
    let bio = fields.masked(mask, "bio", || read::long_text(&stated.bio, 0..=5_000));
    let years = || stated.years_experience.map(|years| read::within(years, 0..=80)).transpose();
    let years_experience = fields.masked(mask, "years_experience", years);
    let rate = || currency.optional(stated.consultation_rate.clone(), &MAX_RATE);
    let consultation_rate = fields.masked(mask, "consultation_rate", rate);
    let languages = is_asked("languages").then(|| fields.values("languages", 0..=20, &stated.languages, names)).transpose();
    let image = || read::optional_https(&stated.profile_image_url, 500);
    let profile_image_url = fields.masked(mask, "profile_image_url", image);
    Ok(Patch {
        professional_name: professional_name?,
        credentials: credentials?,
        specializations: specializations?.map(read::distinct),
        bio: bio?.map(|bio| Some(bio).filter(|text| !text.is_empty())),
        years_experience: years_experience?,
        consultation_rate: consultation_rate?,
        languages: languages?.map(|list| if list.is_empty() { vec![DEFAULT_LANGUAGE.to_owned()] } else { list }),
        profile_image_url: profile_image_url?,
        is_available: is_asked("is_available").then_some(stated.is_available),
    })
}

pub(super) fn update(request: pb::UpdateProfessionalRequest, currency: &Currency) -> Result<Update, Error> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let stated = fields.read("professional", read::required(request.professional));
    let mask = paths.as_deref().unwrap_or_default();
    let read = stated.map(|stated| {
        fields.within("professional", |fields| {
            let id = fields.read("professional_id", read::uuid(&stated.professional_id));
            let version = fields.read("etag", read_etag(&stated.etag));
            let patch = read_patch(fields, mask, &stated, currency);
            Ok(Update { id: id?, version: version?, patch: patch? })
        })
    });
    Ok(fields.finish(|| {
        paths?;
        read?
    })?)
}

pub(super) fn batch(request: &pb::BatchGetProfessionalsRequest) -> Result<Vec<Uuid>, Error> {
    let mut fields = Fields::default();
    let ids = fields.values("professional_ids", 1..=MAX_BATCH, &request.professional_ids, |id| read::uuid(id));
    Ok(fields.finish(|| ids)?)
}

pub(super) fn new_documents(request: pb::SetVerificationDocumentsRequest) -> Result<(Uuid, Vec<Document>), Error> {
    let mut fields = Fields::default();
    let id = fields.read("professional_id", read::uuid(&request.professional_id));
    let documents = fields.each("documents", 0..=20, request.documents, |fields, document| {
        let kind = fields.read("kind", document.kind.try_into());
        let url = read::optional_https(&document.url, 500).and_then(|url| url.ok_or_else(|| "is required".to_owned()));
        let url = fields.read("url", url);
        let sha256 = fields.read("sha256", read_sha256(&document.sha256));
        Ok(Document { kind: kind?, url: url?, sha256: sha256? })
    });
    Ok(fields.finish(|| Ok((id?, documents?)))?)
}

fn read_sha256(digits: &str) -> Result<String, String> {
    let is_hash = digits.len() == 64 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if is_hash { Ok(digits.to_owned()) } else { Err("must be a SHA-256 of 64 hexadecimal digits in lower case".to_owned()) }
}

pub(super) fn documents(documents: Vec<Document>) -> Vec<pb::VerificationDocument> {
    let document =
        |document: Document| pb::VerificationDocument { kind: document.kind.into(), url: document.url, sha256: document.sha256 };
    documents.into_iter().map(document).collect()
}

pub(crate) fn professional(professional: Professional, viewer: Viewer, currency: &Currency) -> pb::Professional {
    let is_manager = viewer.manages(professional.user_id);
    let account = professional.user_id.filter(|_| is_manager);
    let note = professional.verification_note.filter(|_| is_manager);
    let profile = professional.profile;
    pb::Professional {
        professional_id: professional.id.to_string(),
        user_id: account.map(|id| id.to_string()).unwrap_or_default(),
        professional_name: profile.professional_name,
        credentials: profile.credentials,
        specializations: profile.specializations.into_iter().map(i32::from).collect(),
        bio: profile.bio.unwrap_or_default(),
        years_experience: profile.years_experience,
        consultation_rate: profile.consultation_rate.map(|rate| currency.to_wire(&rate)),
        languages: profile.languages,
        profile_image_url: profile.profile_image_url.unwrap_or_default(),
        verification_status: professional.verification_status.into(),
        rating_average: professional.rating_average.and_then(|average| average.to_f64()),
        total_consultations: professional.total_consultations,
        is_available: profile.is_available,
        create_time: Some(timestamp_to_wire(professional.created_at)),
        update_time: Some(timestamp_to_wire(professional.updated_at)),
        etag: etag(professional.version),
        verification_note: note.unwrap_or_default(),
    }
}

pub(crate) fn summary(professional: Professional, currency: &Currency) -> pb::ProfessionalSummary {
    let profile = professional.profile;
    pb::ProfessionalSummary {
        professional_id: professional.id.to_string(),
        professional_name: profile.professional_name,
        credentials: profile.credentials,
        specializations: profile.specializations.into_iter().map(i32::from).collect(),
        years_experience: profile.years_experience,
        consultation_rate: profile.consultation_rate.map(|rate| currency.to_wire(&rate)),
        languages: profile.languages,
        profile_image_url: profile.profile_image_url.unwrap_or_default(),
        verification_status: professional.verification_status.into(),
        rating_average: professional.rating_average.and_then(|average| average.to_f64()),
        total_consultations: professional.total_consultations,
        create_time: Some(timestamp_to_wire(professional.created_at)),
        next_slot_time: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_64_digits_in_lower_case() {
        assert!(read_sha256(&"0f".repeat(32)).is_ok());
        for bad in ["".to_owned(), "0F".repeat(32), "0f".repeat(31), "0g".repeat(32), "é".repeat(32)] {
            assert!(read_sha256(&bad).is_err(), "{bad}");
        }
    }
}
