//! Requests about a user's data, and their answers.

use std::time::Duration;

use orchard_proto::privacy::v1 as pb;
use orchard_rpc::{Fields, Refusal, read};
use orchard_server::{Caller, Role};
use prost_types::value::Kind;
use prost_types::{ListValue, NullValue, Struct};
use serde_json::Value;
use tonic::Code;
use uuid::Uuid;

use crate::cursor::Cursor;
use crate::receipt::{Receipt, TableCount};
use crate::user_data::UserData;

/// The service that calls every slice on behalf of a user.
const COORDINATOR: &str = "social";

/// How long an answer of another service usually takes, amply.
const ANSWER_DELAY: Duration = Duration::from_secs(1);

/// Reads whom to erase, and the id of the request.
pub(crate) fn erase(request: &pb::EraseUserRequest) -> Result<(Uuid, Option<Uuid>), Refusal> {
    let mut fields = Fields::default();
    let user = fields.read("user_id", read::uuid(&request.user_id));
    let id = fields.read("request_id", read::optional_uuid(&request.request_id));
    Ok(fields.finish(|| Ok((user?, id?)))?)
}

pub(crate) fn erasure_waits() -> Refusal {
    let message = "the erasure waits for an answer of another service; repeat the call";
    Refusal::new(Code::Aborted, pb::ErrorReason::ErasureWaits, message).retry_after(ANSWER_DELAY)
}

/// Reads whose data to export, and from where on.
pub(crate) fn export<D: UserData>(request: &pb::ExportUserRequest, caller: &Caller) -> Result<(Uuid, Cursor), Refusal> {
    let user = exported(request, caller)?;
    let start = match request.resume_token.as_str() {
        "" => Ok(Cursor::default()),
        token => Cursor::resumed::<D>(user, token).ok_or_else(|| "is not of this export, or was changed".to_owned()),
    };
    Ok((user, Fields::one("resume_token", start)?))
}

/// Reads whose data to export: the caller's own, unless the caller may name other users.
fn exported(request: &pb::ExportUserRequest, caller: &Caller) -> Result<Uuid, Refusal> {
    let own = caller.user.as_ref().map(|user| user.id);
    let named = read::optional_uuid(&request.user_id);
    let user = named.and_then(|named| named.or(own).ok_or_else(|| "is required".to_owned()));
    let user = Fields::one("user_id", user)?;
    let is_operator = caller.user.as_ref().is_some_and(|caller| caller.is(Role::Operator));
    let may_name = is_operator || caller.service.as_deref() == Some(COORDINATOR);
    if may_name || own == Some(user) { Ok(user) } else { Err(not_oneself()) }
}

fn not_oneself() -> Refusal {
    Refusal::new(Code::PermissionDenied, pb::ErrorReason::NotOneself, "users may export only their own data")
}

/// Returns a receipt as services tell it.
pub fn table_counts(receipt: &Receipt) -> Vec<pb::TableCount> {
    let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let table = |counted: &TableCount| pb::TableCount {
        table: counted.table.to_string(),
        rows_deleted: count(counted.deleted),
        rows_pseudonymised: count(counted.pseudonymised),
    };
    receipt.counts().iter().map(table).collect()
}

pub(crate) fn record(table: &str, row: Value) -> pb::ExportRecord {
    let row = if let Value::Object(columns) = row { Some(fields(columns)) } else { None };
    pb::ExportRecord { table: table.to_owned(), row }
}

fn fields(columns: serde_json::Map<String, Value>) -> Struct {
    Struct { fields: columns.into_iter().map(|(name, value)| (name, self::value(value))).collect() }
}

fn value(value: Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(NullValue::NullValue.into()),
        Value::Bool(truth) => Kind::BoolValue(truth),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => Kind::ListValue(ListValue { values: values.into_iter().map(self::value).collect() }),
        Value::Object(columns) => Kind::StructValue(fields(columns)),
    };
    prost_types::Value { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchard_server::User;

    fn named(user_id: &str, user: Option<(u128, &[Role])>, service: Option<&str>) -> Result<Uuid, String> {
        let user = user.map(|(id, roles)| User { id: Uuid::from_u128(id), roles: roles.to_vec(), token: String::new() });
        let caller = Caller { user, service: service.map(str::to_owned) };
        exported(&pb::ExportUserRequest { user_id: user_id.to_owned(), ..Default::default() }, &caller)
            .map_err(|refusal| refusal.into_status("test").message().to_owned())
    }

    #[test]
    fn only_operators_and_the_coordinator_may_name_other_users() {
        let [me, other] = [7, 8].map(Uuid::from_u128);
        let (mine, theirs) = (me.to_string(), other.to_string());
        let refused = || Err("users may export only their own data".to_owned());
        assert_eq!(named("", Some((7, &[])), None), Ok(me));
        assert_eq!(named(&mine, Some((7, &[])), None), Ok(me));
        assert_eq!(named(&theirs, Some((7, &[])), None), refused());
        assert_eq!(named(&theirs, Some((7, &[Role::Moderator])), None), refused());
        assert_eq!(named(&theirs, Some((7, &[])), Some("recipe")), refused());
        assert_eq!(named(&theirs, Some((7, &[Role::Operator])), None), Ok(other));
        assert_eq!(named(&theirs, None, Some("social")), Ok(other));
        assert_eq!(named("", Some((7, &[])), Some("social")), Ok(me));
        assert!(named("", None, Some("social")).is_err(), "neither the request nor the caller names a user");
    }
}
