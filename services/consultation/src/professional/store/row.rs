//! Rows of `health_professionals`.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::professional::{Professional, Profile, Specialization, VerificationStatus, rating};
use crate::schema::health_professionals;

/// A professional as others may see them.
#[derive(Queryable, Selectable)]
#[diesel(table_name = health_professionals)]
pub(crate) struct Row {
    id: Uuid,
    user_id: Option<Uuid>,
    #[diesel(embed)]
    profile: ProfileRow,
    version: i64,
    verification_status: VerificationStatus,
    verification_note: Option<String>,
    rating_average: BigDecimal,
    total_consultations: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// What professionals state.
#[derive(Queryable, Selectable)]
#[diesel(table_name = health_professionals)]
pub(crate) struct ProfileRow {
    professional_name: String,
    credentials: Option<Vec<String>>,
    specializations: Option<Vec<Specialization>>,
    bio: Option<String>,
    years_experience: Option<i32>,
    consultation_rate: Option<BigDecimal>,
    languages: Vec<String>,
    profile_image_url: Option<String>,
    is_available: bool,
}

impl From<ProfileRow> for Profile {
    fn from(row: ProfileRow) -> Self {
        Self {
            professional_name: row.professional_name,
            credentials: row.credentials.unwrap_or_default(),
            specializations: row.specializations.unwrap_or_default(),
            bio: row.bio,
            years_experience: row.years_experience,
            consultation_rate: row.consultation_rate,
            languages: row.languages,
            profile_image_url: row.profile_image_url,
            is_available: row.is_available,
        }
    }
}

impl From<Row> for Professional {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            profile: row.profile.into(),
            version: row.version,
            verification_status: row.verification_status,
            verification_note: row.verification_note,
            rating_average: rating(row.rating_average),
            total_consultations: row.total_consultations,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The columns that professionals write.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = health_professionals, treat_none_as_null = true)]
pub(super) struct ProfileColumns<'a> {
    professional_name: &'a str,
    credentials: &'a [String],
    specializations: &'a [Specialization],
    bio: Option<&'a str>,
    years_experience: Option<i32>,
    consultation_rate: Option<&'a BigDecimal>,
    languages: &'a [String],
    profile_image_url: Option<&'a str>,
    is_available: bool,
}

impl<'a> From<&'a Profile> for ProfileColumns<'a> {
    fn from(profile: &'a Profile) -> Self {
        Self {
            professional_name: &profile.professional_name,
            credentials: &profile.credentials,
            specializations: &profile.specializations,
            bio: profile.bio.as_deref(),
            years_experience: profile.years_experience,
            consultation_rate: profile.consultation_rate.as_ref(),
            languages: &profile.languages,
            profile_image_url: profile.profile_image_url.as_deref(),
            is_available: profile.is_available,
        }
    }
}
