//! Creating and changing professionals.

use orchard_db::{Connection, Db};
use orchard_privacy::roll;
use uuid::Uuid;

use super::store::{self, Locked};
use super::wire::{NewProfessional, Patch, Update};
use super::{Document, Professional, ProfessionalError, Profile, VerificationStatus, Viewer};
use crate::error::Error;

/// Creates a professional, unless the request is a repeated one.
pub(super) async fn create(db: &Db, new: NewProfessional, caller: Viewer) -> Result<Professional, Error> {
    let create = async move |connection: &mut Connection| match new.key.claim_id(connection).await? {
        (id, true) => insert(connection, id, caller, &new.profile).await,
        (id, false) => find(connection, id, caller).await,
    };
    db.write("create professional", create).await
}

/// Creates a professional, whose account must not have applied before. The entry refers to the caller in either case.
async fn insert(connection: &mut Connection, id: Uuid, caller: Viewer, profile: &Profile) -> Result<Professional, Error> {
    roll::enrol_or(connection, caller.user, Error::user_erased).await?;
    let inserted = store::insert(connection, id, caller, profile).await;
    inserted.map_err(Error::on("health_professionals_user_id_key", ProfessionalError::AlreadyApplied))
}

/// Changes a professional.
pub(super) async fn update(db: &Db, update: Update, caller: Viewer) -> Result<Professional, Error> {
    db.write("update professional", async move |connection: &mut Connection| {
        let Update { id, version, patch } = update;
        let before = lock_managed(connection, id, caller).await?;
        let profile = patched(before.profile.clone(), patch);
        // Also for a repeated request, whose version is outdated by its own effect.
        if profile == before.profile {
            return find(connection, id, caller).await;
        }
        if version.is_some_and(|version| version != before.version) {
            return Err(ProfessionalError::Changed.into());
        }
        let is_verified = (&profile.professional_name, &profile.credentials)
            != (&before.profile.professional_name, &before.profile.credentials);
        if is_verified {
            check_verified(&before, caller)?;
        }
        store::update(connection, id, &profile).await?;
        find(connection, id, caller).await
    })
    .await
}

/// Replaces the documents of a professional. Returns them with the version that has them.
pub(super) async fn set_documents(
    db: &Db,
    id: Uuid,
    documents: Vec<Document>,
    caller: Viewer,
) -> Result<(Vec<Document>, i64), Error> {
    db.write("set documents", async move |connection: &mut Connection| {
        let before = lock_managed(connection, id, caller).await?;
        if documents == before.documents {
            return Ok((documents, before.version));
        }
        check_verified(&before, caller)?;
        let version = store::set_documents(connection, id, &documents).await?;
        Ok((documents, version))
    })
    .await
}

/// Locks a professional that the caller manages.
pub(crate) async fn lock_managed(connection: &mut Connection, id: Uuid, caller: Viewer) -> Result<Locked, Error> {
    if let Some(locked) = store::lock_managed(connection, id, caller).await? {
        return Ok(locked);
    }
    // Others learn that they may not change a professional only if they see one.
    find(connection, id, caller).await?;
    Err(ProfessionalError::NotProfessional.into())
}

/// Checks that the caller may change what operators verify: nobody verifies themselves.
fn check_verified(before: &Locked, caller: Viewer) -> Result<(), ProfessionalError> {
    if before.verification_status == VerificationStatus::Pending {
        Ok(())
    } else if !caller.is_operator {
        Err(ProfessionalError::VerifiedField)
    } else if before.user_id == Some(caller.user) {
        Err(ProfessionalError::Own)
    } else {
        Ok(())
    }
}

/// Returns a professional that the caller manages.
pub(crate) async fn find_managed(connection: &Connection, id: Uuid, caller: Viewer) -> Result<Professional, Error> {
    let professional = find(connection, id, caller).await?;
    if caller.manages(professional.user_id) { Ok(professional) } else { Err(ProfessionalError::NotProfessional.into()) }
}

/// Returns a professional that `viewer` may see.
pub(crate) async fn find(connection: &Connection, id: Uuid, viewer: Viewer) -> Result<Professional, Error> {
    Ok(store::find_visible(connection, id, viewer).await?.ok_or(ProfessionalError::NotFound)?)
}

fn patched(profile: Profile, patch: Patch) -> Profile {
    Profile {
        professional_name: patch.professional_name.unwrap_or(profile.professional_name),
        credentials: patch.credentials.unwrap_or(profile.credentials),
        specializations: patch.specializations.unwrap_or(profile.specializations),
        bio: patch.bio.unwrap_or(profile.bio),
        years_experience: patch.years_experience.unwrap_or(profile.years_experience),
        consultation_rate: patch.consultation_rate.unwrap_or(profile.consultation_rate),
        languages: patch.languages.unwrap_or(profile.languages),
        profile_image_url: patch.profile_image_url.unwrap_or(profile.profile_image_url),
        is_available: patch.is_available.unwrap_or(profile.is_available),
    }
}
