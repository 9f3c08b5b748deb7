//! Queries of professionals.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Professional, Profile, Specialization, VerificationStatus, Viewer, rating};
use crate::schema::health_professionals;

orchard_db::text_column!(VerificationStatus);
orchard_db::text_column!(Specialization);

/// A row of `health_professionals`, without the columns that the service does not use yet.
#[derive(Queryable, Selectable)]
#[diesel(table_name = health_professionals)]
struct Row {
    id: Uuid,
    user_id: Option<Uuid>,
    professional_name: String,
    credentials: Option<Vec<String>>,
    specializations: Option<Vec<Specialization>>,
    bio: Option<String>,
    years_experience: Option<i32>,
    consultation_rate: Option<BigDecimal>,
    languages: Vec<String>,
    profile_image_url: Option<String>,
    verification_status: VerificationStatus,
    rating_average: BigDecimal,
    total_consultations: i32,
    is_available: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Professional {
    fn from(row: Row) -> Self {
        let profile = Profile {
            professional_name: row.professional_name,
            credentials: row.credentials.unwrap_or_default(),
            specializations: row.specializations.unwrap_or_default(),
            bio: row.bio,
            years_experience: row.years_experience,
            consultation_rate: row.consultation_rate,
            languages: row.languages,
            profile_image_url: row.profile_image_url,
        };
        Self {
            id: row.id,
            user_id: row.user_id,
            profile,
            verification_status: row.verification_status,
            rating_average: rating(row.rating_average),
            total_consultations: row.total_consultations,
            is_available: row.is_available,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Inserts a pending professional. An account must be on the roll; a constraint refuses an account that applied before.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    account: Option<Uuid>,
    profile: &Profile,
) -> QueryResult<Professional> {
    diesel::insert_into(health_professionals::table)
        .values((
            health_professionals::id.eq(id),
            health_professionals::user_id.eq(account),
            health_professionals::professional_name.eq(&profile.professional_name),
            health_professionals::credentials.eq(&profile.credentials),
            health_professionals::specializations.eq(&profile.specializations),
            health_professionals::bio.eq(&profile.bio),
            health_professionals::years_experience.eq(profile.years_experience),
            health_professionals::consultation_rate.eq(&profile.consultation_rate),
            health_professionals::languages.eq(&profile.languages),
            health_professionals::profile_image_url.eq(&profile.profile_image_url),
            health_professionals::verification_status.eq(VerificationStatus::Pending),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Returns a professional who is verified and available, or who is the viewer. Operators may see every professional.
pub(super) async fn find_visible(
    mut connection: &AsyncPgConnection,
    id: Uuid,
    viewer: Viewer,
) -> QueryResult<Option<Professional>> {
    let verified = health_professionals::verification_status.eq(VerificationStatus::Verified);
    health_professionals::table
        .find(id)
        .filter(
            verified
                .and(health_professionals::is_available)
                .or(health_professionals::user_id.eq(viewer.user))
                .or(viewer.is_operator.into_sql::<Bool>()),
        )
        .select(Row::as_select())
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}
