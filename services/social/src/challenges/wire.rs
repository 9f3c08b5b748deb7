//! Conversions that several modules share.

/// Converts an enum to and from the one of the same name in the proto. The proto's has one value more: the unspecified one.
macro_rules! wire_enum {
    ($name:ident { $($variant:ident),+ }) => {
        impl From<$name> for pb::$name {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }

        impl TryFrom<pb::$name> for $name {
            type Error = String;

            fn try_from(sent: pb::$name) -> Result<Self, String> {
                match sent {
                    $(pb::$name::$variant => Ok(Self::$variant),)+
                    pb::$name::Unspecified => Err("is required".to_owned()),
                }
            }
        }
    };
}

pub(super) use wire_enum;

/// Reads a value of the proto's enum `P`; `None` if it is unspecified.
pub(super) fn optional_enumeration<P: TryFrom<i32> + TryInto<T>, T>(value: i32) -> Result<Option<T>, String> {
    let sent = P::try_from(value).map_err(|_| format!("has no value {value}"))?;
    Ok(sent.try_into().ok())
}
