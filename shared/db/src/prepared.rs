//! Prepared statements written as SQL, for what diesel's query builder cannot express.

/// Defines a statement as SQL text that each connection prepares once, like statements of the query builder. `sql_query` would parse and
/// plan it on every call.
///
/// Pieces of text and values alternate, and each value names its SQL type:
///
/// ```
/// use diesel::sql_types::{BigInt, Integer};
///
/// orchard_db::prepared! {
///     /// The sum of two numbers.
///     struct Sum { one: i32, other: i32 } -> (BigInt,) = "SELECT ", one as Integer, "::bigint + ", other as Integer, "";
/// }
/// ```
#[macro_export]
macro_rules! prepared {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident { $($field:ident: $type:ty),* $(,)? } -> ($($answer:ty),+ $(,)?) =
            $first:expr $(, $value:ident as $sql:ty, $text:expr)*;
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $vis struct $name {
            $($vis $field: $type,)*
        }

        impl ::diesel::query_builder::QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl ::diesel::query_builder::Query for $name {
            type SqlType = ($($answer,)+);
        }

        impl ::diesel::query_builder::QueryFragment<::diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: ::diesel::query_builder::AstPass<'_, 'b, ::diesel::pg::Pg>,
            ) -> ::diesel::QueryResult<()> {
                out.push_sql($first);
                $(
                    out.push_bind_param::<$sql, _>(&self.$value)?;
                    out.push_sql($text);
                )*
                Ok(())
            }
        }
    };
}
