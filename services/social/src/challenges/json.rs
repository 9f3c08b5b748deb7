//! JSONB columns.

/// Lets types that implement `Serialize` and `Deserialize` be JSONB columns.
macro_rules! json_column {
    ($($of:ty),+ $(,)?) => {$(
        impl diesel::deserialize::FromSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $of {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                use diesel::deserialize::FromSql;

                let json = <serde_json::Value as FromSql<diesel::sql_types::Jsonb, diesel::pg::Pg>>::from_sql(value)?;
                Ok(serde_json::from_value(json)?)
            }
        }

        impl diesel::deserialize::Queryable<diesel::sql_types::Jsonb, diesel::pg::Pg> for $of {
            type Row = Self;

            fn build(row: Self) -> diesel::deserialize::Result<Self> {
                Ok(row)
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $of {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
                // The version of the binary format of JSONB.
                std::io::Write::write_all(out, &[1])?;
                serde_json::to_writer(out, self)?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Nullable<diesel::sql_types::Jsonb>, diesel::pg::Pg> for $of {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
                <Self as diesel::serialize::ToSql<diesel::sql_types::Jsonb, diesel::pg::Pg>>::to_sql(self, out)
            }
        }

        $crate::challenges::json::json_expression!($of, diesel::sql_types::Jsonb);
        $crate::challenges::json::json_expression!(&$of, diesel::sql_types::Jsonb);
        $crate::challenges::json::json_expression!($of, diesel::sql_types::Nullable<diesel::sql_types::Jsonb>);
        $crate::challenges::json::json_expression!(&$of, diesel::sql_types::Nullable<diesel::sql_types::Jsonb>);
    )+};
}

macro_rules! json_expression {
    ($of:ty, $sql:ty) => {
        impl diesel::expression::AsExpression<$sql> for $of {
            type Expression = diesel::internal::derives::as_expression::Bound<$sql, Self>;

            fn as_expression(self) -> Self::Expression {
                Self::Expression::new(self)
            }
        }
    };
}

pub(super) use {json_column, json_expression};
