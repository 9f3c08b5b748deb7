//! Columns and queries of rights.

use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use orchard_db::Connection;
use serde_json::Value;
use uuid::Uuid;

use super::{Permissions, PrivacySettings, Rights, RightsError, Role};
use crate::error::Error;
use crate::schema::family_members;

orchard_db::text_column!(Role);

/// The columns of [`Rights`].
pub(crate) const COLUMNS: (family_members::role, family_members::permissions) =
    (family_members::role, family_members::permissions);

/// The values of [`COLUMNS`].
pub(crate) type Row = (Role, Option<Value>);

impl From<Row> for Rights {
    fn from((role, settings): Row) -> Self {
        Self { role, permissions: permissions(settings) }
    }
}

/// Reads `permissions`. An absent permission is granted, and a value that cannot be read permits nothing.
pub(crate) fn permissions(settings: Option<Value>) -> Permissions {
    settings.map_or_else(Permissions::default, |json| serde_json::from_value(json).unwrap_or(Permissions::NONE))
}

/// Reads `privacy_settings`. An absent setting is the default, and a value that cannot be read shares nothing.
pub(crate) fn privacy(settings: Option<Value>) -> PrivacySettings {
    settings.map_or_else(PrivacySettings::default, |json| serde_json::from_value(json).unwrap_or(PrivacySettings::NONE))
}

/// Returns the rights of an active member of a plan, whether or not the plan is active.
pub(crate) async fn get(mut connection: &Connection, plan: Uuid, user: Uuid) -> Result<Rights, Error> {
    let found = family_members::table
        .filter(family_members::family_plan_id.eq(plan))
        .filter(family_members::user_id.eq(user))
        .filter(family_members::is_active)
        .select(COLUMNS)
        .first::<Row>(&mut connection)
        .await
        .optional()?;
    Ok(found.ok_or(RightsError::MemberNotFound)?.into())
}

/// Removes all restrictions of a member's permissions: no admin can restrict the holder of a plan, nor lift a restriction of them.
pub(crate) async fn lift_restrictions(connection: &mut Connection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    let member = family_members::table.filter(family_members::family_plan_id.eq(plan)).filter(family_members::user_id.eq(user));
    diesel::update(member)
        .set((family_members::permissions.eq(None::<Value>), family_members::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_that_cannot_be_read_share_and_permit_nothing() {
        assert_eq!(privacy(None), PrivacySettings::default());
        assert_eq!(privacy(Some(json!({}))), PrivacySettings::default());
        assert_eq!(privacy(Some(json!({"share_challenges": "yes"}))), PrivacySettings::NONE);
        assert_eq!(permissions(None), Permissions::default());
        assert_eq!(permissions(Some(json!({"daily_spend_limit": "much"}))), Permissions::NONE);
    }
}
