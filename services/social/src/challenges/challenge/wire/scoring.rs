//! Conversions of scoring rules.

use std::collections::BTreeSet;

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};
use pb::scoring::Rule;

use crate::challenges::challenge::Scoring;
use crate::challenges::fruit::wire::name;

pub(super) fn read_scoring(fields: &mut Fields, scoring: Option<pb::Scoring>) -> Result<Scoring, Invalid> {
    let rule = fields.read("scoring", read::required(scoring.and_then(|scoring| scoring.rule)))?;
    fields.within("scoring", |fields| match rule {
        Rule::Consistency(rule) => fields.within("consistency", |fields| {
            let target = fields.read("daily_target_servings", read::within(rule.daily_target_servings, 1..=50));
            Ok(Scoring::Consistency { daily_target_servings: target? })
        }),
        Rule::Variety(rule) => fields.within("variety", |fields| {
            let cap = fields.read("daily_cap", read::within(rule.daily_cap, 1..=50));
            Ok(Scoring::Variety { daily_cap: cap? })
        }),
        Rule::Seasonal(rule) => fields.within("seasonal", |fields| {
            let fruits = fields.values("fruits", 1..=50, &rule.fruits, |fruit| name(fruit)).map(BTreeSet::from_iter);
            let cap = fields.read("daily_cap", read::within(rule.daily_cap, 1..=100));
            Ok(Scoring::Seasonal { fruits: fruits?.into_iter().map(str::to_owned).collect(), daily_cap: cap? })
        }),
        Rule::GoalBased(rule) => fields.within("goal_based", |fields| {
            let unit = fields.read("unit", read::text(&rule.unit, 1..=30));
            let points = fields.read("points_per_unit", read::within(rule.points_per_unit, 1..=1_000));
            let cap = fields.read("daily_cap", read::within(rule.daily_cap, 1..=100_000));
            Ok(Scoring::GoalBased { unit: unit?, points_per_unit: points?, daily_cap: cap? })
        }),
    })
}

pub(super) fn scoring(scoring: Scoring) -> pb::Scoring {
    let rule = match scoring {
        Scoring::Consistency { daily_target_servings } => Rule::Consistency(pb::ConsistencyScoring { daily_target_servings }),
        Scoring::Variety { daily_cap } => Rule::Variety(pb::VarietyScoring { daily_cap }),
        Scoring::Seasonal { fruits, daily_cap } => Rule::Seasonal(pb::SeasonalScoring { fruits, daily_cap }),
        Scoring::GoalBased { unit, points_per_unit, daily_cap } => {
            Rule::GoalBased(pb::GoalScoring { unit, points_per_unit, daily_cap })
        }
    };
    pb::Scoring { rule: Some(rule) }
}
