//! Enums that are sent as the numbers of protobuf enums.

/// Converts an enum to the number of its protobuf enum (`=>`), and also from it (`<=>`), where every value but `UNSPECIFIED` is accepted.
#[macro_export]
macro_rules! wire_enum {
    ($domain:ident => $wire:ty: $($value:ident),+) => {
        impl From<$domain> for i32 {
            fn from(value: $domain) -> Self {
                match value {
                    $($domain::$value => <$wire>::$value.into()),+
                }
            }
        }
    };
    ($domain:ident <=> $wire:ty: $($value:ident),+) => {
        $crate::wire_enum!($domain => $wire: $($value),+);

        impl TryFrom<i32> for $domain {
            type Error = String;

            fn try_from(value: i32) -> Result<Self, String> {
                match $crate::read::enumeration(value)? {
                    $(<$wire>::$value => Ok(Self::$value),)+
                    <$wire>::Unspecified => Err("is required".to_owned()),
                }
            }
        }
    };
}
