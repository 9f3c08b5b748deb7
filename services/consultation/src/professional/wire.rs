//! Professionals as received and sent.

use bigdecimal::ToPrimitive as _;
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::consultation::v1 as pb;
use orchard_rpc::{Currency, Fields, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{DEFAULT_LANGUAGE, MAX_RATE, Professional, Profile, Specialization, VerificationStatus, Viewer};

orchard_rpc::wire_enum!(Specialization <=> pb::Specialization: Diabetes, HeartHealth, SportsNutrition);
orchard_rpc::wire_enum!(VerificationStatus => pb::VerificationStatus: Pending, Verified, Suspended);

/// A professional to create.
#[derive(Debug, Clone)]
pub(super) struct NewProfessional {
    pub(super) key: Key,
    pub(super) profile: Profile,
}

pub(super) fn professional_id(id: &str) -> Result<Uuid, Violations> {
    Fields::one("professional_id", read::uuid(id))
}

pub(super) fn new_professional(
    request: &pb::CreateProfessionalRequest,
    caller: Uuid,
    currency: &Currency,
) -> Result<NewProfessional, Violations> {
    let mut fields = Fields::default();
    let professional_name = fields.read("professional_name", read::text(&request.professional_name, 1..=100));
    let credentials = fields.values("credentials", 0..=20, &request.credentials, |text| read::text(text, 1..=50));
    let specializations = fields.values("specializations", 0..=3, &request.specializations, |value| (*value).try_into());
    let bio = fields.read("bio", read::long_text(&request.bio, 0..=5_000));
    let years = request.years_experience.map(|years| read::within(years, 0..=80)).transpose();
    let years_experience = fields.read("years_experience", years);
    let consultation_rate = fields.read("consultation_rate", currency.optional(request.consultation_rate.clone(), &MAX_RATE));
    let languages = fields.values("languages", 0..=20, &request.languages, |text| read::text(text, 1..=50));
    let profile_image_url = fields.read("profile_image_url", read::optional_https(&request.profile_image_url, 500));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    fields.finish(|| {
        let mut languages = languages?;
        if languages.is_empty() {
            languages.push(DEFAULT_LANGUAGE.to_owned());
        }
        let profile = Profile {
            professional_name: professional_name?,
            credentials: credentials?,
            specializations: read::distinct(specializations?),
            bio: Some(bio?).filter(|text| !text.is_empty()),
            years_experience: years_experience?,
            consultation_rate: consultation_rate?,
            languages,
            profile_image_url: profile_image_url?,
        };
        Ok(NewProfessional { key: Key::new(caller, "CreateProfessional", request_id?, Keep::Days30, request), profile })
    })
}

pub(super) fn professional(professional: Professional, viewer: Viewer, currency: &Currency) -> pb::Professional {
    let account = viewer.account_of(&professional);
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
        is_available: professional.is_available,
        create_time: Some(timestamp_to_wire(professional.created_at)),
        update_time: Some(timestamp_to_wire(professional.updated_at)),
    }
}
