//! Enums that are stored as text.

/// Lets an enum be stored in a text column. It must implement `FromStr`, and `Into<&'static str>` for a reference, as strum derives them.
#[macro_export]
macro_rules! text_column {
    ($list:ty) => {
        impl ::diesel::deserialize::FromSql<::diesel::sql_types::Text, ::diesel::pg::Pg> for $list {
            fn from_sql(value: ::diesel::pg::PgValue<'_>) -> ::diesel::deserialize::Result<Self> {
                let text =
                    <String as ::diesel::deserialize::FromSql<::diesel::sql_types::Text, ::diesel::pg::Pg>>::from_sql(value)?;
                Ok(text.parse()?)
            }
        }

        impl ::diesel::deserialize::Queryable<::diesel::sql_types::Text, ::diesel::pg::Pg> for $list {
            type Row = Self;

            fn build(row: Self) -> ::diesel::deserialize::Result<Self> {
                Ok(row)
            }
        }

        impl ::diesel::serialize::ToSql<::diesel::sql_types::Text, ::diesel::pg::Pg> for $list {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, ::diesel::pg::Pg>,
            ) -> ::diesel::serialize::Result {
                let text: &'static str = self.into();
                ::std::io::Write::write_all(out, text.as_bytes())?;
                Ok(::diesel::serialize::IsNull::No)
            }
        }

        impl ::diesel::expression::AsExpression<::diesel::sql_types::Text> for $list {
            type Expression = ::diesel::internal::derives::as_expression::Bound<::diesel::sql_types::Text, Self>;

            fn as_expression(self) -> Self::Expression {
                Self::Expression::new(self)
            }
        }

        impl<'e> ::diesel::expression::AsExpression<::diesel::sql_types::Text> for &'e $list {
            type Expression = ::diesel::internal::derives::as_expression::Bound<::diesel::sql_types::Text, Self>;

            fn as_expression(self) -> Self::Expression {
                Self::Expression::new(self)
            }
        }
    };
}
