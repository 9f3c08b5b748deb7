//! The data of the benchmarks.

use anyhow::Result;
use tokio_postgres::Client;
use uuid::Uuid;

/// Families, unless a scenario adds more.
pub const FAMILIES: u64 = 1_000;
/// Members of each family.
pub const MEMBERS: u64 = 4;
/// Plan holders, who make the calls; if there are more families, they share the holders.
pub const HOLDERS: u64 = 1_000;
/// The first families, whose members have meals and challenges.
pub const LIVELY: u64 = 250;
/// Days with meals of each such member.
pub const DAYS: u64 = 90;
/// Meals of a day.
pub const MEALS: u64 = 4;
/// Challenges of each such member.
pub const CHALLENGES: u64 = 3;
/// Initial balance of each wallet.
pub const MONEY: &str = "1000000.00";

/// Describes the data.
pub fn description() -> String {
    format!(
        "{FAMILIES} families of {MEMBERS} with {MONEY} in each wallet; in {LIVELY} of them each member has {MEALS} meals a day for {DAYS} days \
         and {CHALLENGES} challenges"
    )
}

/// Returns the id of the plan with this number, from 1.
pub fn plan(number: u64) -> Uuid {
    id(1, number)
}

/// Returns the id of the holder of the plan with this number.
pub fn holder(number: u64) -> Uuid {
    id(2, (number - 1) % HOLDERS + 1)
}

/// Returns the id of a thing of this kind with this number.
pub fn id(kind: u128, number: u64) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | kind << 48 | u128::from(number))
}

/// [`id`] in SQL. Ids are sequential, as the services' own ids are.
const FUNCTIONS: &str = "
CREATE FUNCTION pg_temp.id(kind bigint, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT ('01900000-0000-7000-800' || kind || '-' || lpad(to_hex(number), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.member(plan bigint, seat bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE seat WHEN 1 THEN pg_temp.id(2, (plan - 1) % 1000 + 1) ELSE pg_temp.id(3, plan * 4 + seat) END $$;
";

/// Creates the families `from..=to`, and lists them in `bench.targets`.
pub async fn families(client: &Client, from: u64, to: u64) -> Result<()> {
    let sql = format!(
        "{FUNCTIONS}
        CREATE SCHEMA IF NOT EXISTS bench;
        GRANT USAGE ON SCHEMA bench TO PUBLIC;
        SET search_path = family;
        CREATE TEMP TABLE seats AS SELECT plan, seat FROM generate_series({from}, {to}) plan, generate_series(1, {MEMBERS}) seat;
        INSERT INTO users (id) SELECT pg_temp.member(plan, seat) FROM seats ON CONFLICT DO NOTHING;
        INSERT INTO family_plans (id, family_name, primary_account_holder, active_members, shared_wallet_balance, wallet_sequence,
                                  event_sequence)
        SELECT pg_temp.id(1, plan), 'Family ' || plan, pg_temp.member(plan, 1), {MEMBERS}, {MONEY}, 1, {MEMBERS}
        FROM generate_series({from}, {to}) plan;
        INSERT INTO family_members (id, family_plan_id, user_id, role, privacy_settings)
        SELECT pg_temp.id(4, plan * 4 + seat), pg_temp.id(1, plan), pg_temp.member(plan, seat),
               CASE seat WHEN 1 THEN 'admin' WHEN 2 THEN 'member' ELSE 'child' END, '{{\"share_nutrition\": true}}'
        FROM seats;
        INSERT INTO wallet_entries (id, family_plan_id, service, reference, kind, amount, balance, reason, sequence)
        SELECT pg_temp.id(5, plan), pg_temp.id(1, plan), 'billing', 'first', 'deposit', {MONEY}, {MONEY}, 'First', 1
        FROM generate_series({from}, {to}) plan;
        CREATE TABLE IF NOT EXISTS bench.targets (n bigint PRIMARY KEY, plan uuid NOT NULL, viewer uuid NOT NULL);
        GRANT SELECT ON bench.targets TO PUBLIC;
        INSERT INTO bench.targets SELECT plan, pg_temp.id(1, plan), pg_temp.member(plan, 1) FROM generate_series({from}, {to}) plan;
        DROP TABLE seats; DROP FUNCTION pg_temp.member; DROP FUNCTION pg_temp.id;
        RESET search_path;"
    );
    client.batch_execute(&sql).await?;
    // Autovacuum would do it during a measurement.
    client
        .batch_execute("VACUUM (ANALYZE) family.users, family.family_plans, family.family_members, family.wallet_entries")
        .await?;
    Ok(client.batch_execute("VACUUM (ANALYZE) bench.targets").await?)
}

/// Creates meals and challenges of the lively families.
pub async fn lives(client: &Client) -> Result<()> {
    let sql = format!(
        "{FUNCTIONS}
        CREATE TEMP TABLE seats AS SELECT plan, seat FROM generate_series(1, {LIVELY}) plan, generate_series(1, {MEMBERS}) seat;
        INSERT INTO family.nutritional_intake (user_id, consumption_date, calories_consumed, meal, source)
        SELECT pg_temp.member(plan, seat), current_date - day::int, 200 + (plan * 7 + seat * 3 + day + meal * 70) % 600,
               (ARRAY['breakfast', 'lunch', 'dinner', 'snack'])[meal], 'manual'
        FROM generate_series(0, {DAYS} - 1) day, seats, generate_series(1, {MEALS}) meal ORDER BY day DESC;
        INSERT INTO social.users (id) SELECT DISTINCT pg_temp.member(plan, seat) FROM seats;
        INSERT INTO social.community_challenges (id, challenge_name, description, challenge_type, duration_days, scoring,
                                                 participant_count)
        SELECT pg_temp.id(6, challenge), 'Challenge ' || challenge, 'Eat fruit', 'consistency', 30, '{{}}', 0
        FROM generate_series(1, 10) challenge;
        INSERT INTO social.challenge_participants (challenge_id, user_id)
        SELECT pg_temp.id(6, (plan + seat + turn) % 10 + 1), pg_temp.member(plan, seat)
        FROM seats, generate_series(1, {CHALLENGES}) turn;
        UPDATE social.community_challenges c SET participant_count =
          (SELECT count(*) FROM social.challenge_participants p WHERE p.challenge_id = c.id);
        DROP TABLE seats; DROP FUNCTION pg_temp.member; DROP FUNCTION pg_temp.id;"
    );
    client.batch_execute(&sql).await?;
    Ok(client.batch_execute("VACUUM (ANALYZE) family.nutritional_intake, social.users, social.challenge_participants").await?)
}

/// The schedule of a professional who is open on each day, in SQL. `notice` is an expression for the notice in minutes.
pub fn schedule(notice: &str) -> String {
    format!(
        "jsonb_build_object('time_zone', 'Europe/Berlin', 'overrides', '{{}}'::jsonb,
         'weekly', (SELECT jsonb_agg(jsonb_build_array(jsonb_build_object('start', 0, 'end', 1440))) FROM generate_series(1, 7)),
         'grid', '{{\"slot_minutes\": 20, \"step_minutes\": 5}}'::jsonb,
         'buffers', '{{\"before_minutes\": 0, \"after_minutes\": 0}}'::jsonb,
         'limits', jsonb_build_object('notice_minutes', {notice}, 'horizon_days', 366))"
    )
}

/// The specification's view of leaderboards, unchanged.
pub const SPECIFIED_VIEW: &str = "CREATE SCHEMA IF NOT EXISTS bench;
    CREATE OR REPLACE VIEW bench.challenge_leaderboards AS
    SELECT cc.id AS challenge_id, cc.challenge_name, cp.user_id, u.display_name, cp.final_score, cp.rank_position, cp.completion_status,
      ROW_NUMBER() OVER (PARTITION BY cc.id ORDER BY cp.final_score DESC) AS current_rank
    FROM social.community_challenges cc
    JOIN social.challenge_participants cp ON cc.id = cp.challenge_id
    LEFT JOIN social.users u ON cp.user_id = u.id
    WHERE cp.is_visible = true AND cc.is_active = true";

/// An amount that no other call records. It changes the score of the first holder by [`DIFFERENCE`], at [`VERSION`].
pub const RECORDED: i32 = 77_777;
/// The change of the score.
pub const DIFFERENCE: i32 = RECORDED - 37;
/// The number of writes to each participant's days.
pub const VERSION: i32 = 31_337;

/// Creates a challenge, once, with this number of participants. The holders are among them, and have a recorded day. Many have the
/// same score.
pub async fn board(client: &Client, participants: u64) -> Result<Uuid> {
    seat(client, 1_000 + participants, participants).await
}

/// Creates one of many challenges in which only the holders participate.
pub async fn small_board(client: &Client, number: u64) -> Result<Uuid> {
    seat(client, 100 + number, HOLDERS).await
}

async fn seat(client: &Client, number: u64, participants: u64) -> Result<Uuid> {
    let challenge = id(6, number);
    if client.query_opt("SELECT FROM social.community_challenges WHERE id = $1", &[&challenge]).await?.is_some() {
        return Ok(challenge);
    }
    let sql = format!(
        "{FUNCTIONS}
        CREATE TEMP TABLE seats AS
        SELECT n, CASE WHEN n <= {HOLDERS} THEN pg_temp.id(2, n) ELSE pg_temp.id(7, n) END AS user_id, (n * 37) % 3000 AS score
        FROM generate_series(1, {participants}) n;
        INSERT INTO social.users (id) SELECT user_id FROM seats ON CONFLICT DO NOTHING;
        UPDATE social.users u SET privacy_level = 'public', display_name = 'Name of ' || n FROM seats WHERE u.id = user_id;
        INSERT INTO social.community_challenges (id, challenge_name, description, challenge_type, duration_days, scoring, participant_count,
                                                 start_date, end_date)
        VALUES ('{challenge}', 'Board', 'Move', 'goal_based', 60,
          '{{\"rule\": \"goal_based\", \"unit\": \"minutes\", \"points_per_unit\": 1, \"daily_cap\": 100000}}', {participants},
          current_date - 2, current_date + 57);
        INSERT INTO social.challenge_participants (challenge_id, user_id, final_score, display_name, shown_to, progress_version,
                                                   score_reached_at)
        SELECT '{challenge}', user_id, score, 'Name of ' || n, 'everyone', {VERSION}, now() - n * interval '1 ms' FROM seats;
        INSERT INTO social.challenge_progress
          (challenge_id, challenge_participant_id, progress_date, progress_data, daily_score, cumulative_score)
        SELECT challenge_id, id, current_date, '{{}}', final_score, final_score FROM social.challenge_participants
        WHERE challenge_id = '{challenge}' AND user_id <= pg_temp.id(2, {HOLDERS});
        INSERT INTO social.leaderboard_counts (challenge_id, level, bucket, participants)
        SELECT '{challenge}', level, score::int >> (6 * level), count(*) FROM seats CROSS JOIN generate_series(0, 4) level GROUP BY 2, 3;
        DROP TABLE seats; DROP FUNCTION pg_temp.member; DROP FUNCTION pg_temp.id;"
    );
    client.batch_execute(&sql).await?;
    let tables = "social.users, social.challenge_participants, social.challenge_progress, social.leaderboard_counts";
    client.batch_execute(&format!("VACUUM (ANALYZE) {tables}")).await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_equal_in_sql() {
        assert_eq!(plan(1).to_string(), "01900000-0000-7000-8001-000000000001");
        assert_eq!(holder(1_017).to_string(), "01900000-0000-7000-8002-000000000011");
    }
}
