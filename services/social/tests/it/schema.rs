use std::collections::{BTreeMap, BTreeSet};

use orchard_db::Domain as _;
use orchard_server::Slice as _;
use orchard_social::Service;
use orchard_social::error::Social;
use orchard_testkit::database::Schema;
use orchard_testkit::{schema, upgrade};
use tokio_postgres::Client;

async fn migrated() -> anyhow::Result<Client> {
    let schema = Schema::create().await?;
    schema.migrate(Service::migrations()).await?;
    schema.connect().await
}

#[tokio::test]
async fn schema_rs_is_what_the_migrations_make() -> anyhow::Result<()> {
    let client = migrated().await?;
    schema::check_described(&client, include_str!("../../src/schema.rs")).await
}

#[tokio::test]
async fn an_earlier_release_is_migrated_to_the_same_schema_as_a_new_database() -> anyhow::Result<()> {
    upgrade::check(include_str!("released/2026-11-29.sql"), Service::migrations).await
}

#[tokio::test]
async fn every_reference_to_a_user_has_its_way_of_erasure() -> anyhow::Result<()> {
    let decided = [
        ("achievement_milestones.user_id", "CASCADE"),
        ("challenge_participants.user_id", "CASCADE"),
        ("community_challenges.created_by", "NO ACTION"),
        ("credit_entries.user_id", "NO ACTION"),
        ("family_memberships.guardian_user_id", "SET NULL"),
        ("children.user_id", "CASCADE"),
        ("family_memberships.user_id", "CASCADE"),
        ("block_events.first_user_id", "CASCADE"),
        ("block_events.second_user_id", "CASCADE"),
        ("fingerprints.user_id", "NO ACTION"),
        ("friend_request_declines.recipient_id", "CASCADE"),
        ("friend_request_declines.sender_id", "CASCADE"),
        ("friendships.first_user_id", "CASCADE"),
        ("friendships.second_user_id", "CASCADE"),
        ("notification_preferences.user_id", "CASCADE"),
        ("orders.user_id", "NO ACTION"),
        ("redemptions.user_id", "NO ACTION"),
        ("referral_cases.claimant_id", "NO ACTION"),
        ("referral_cases.moderator_id", "NO ACTION"),
        ("referral_cases.referrer_id", "NO ACTION"),
        ("referral_code_misses.user_id", "CASCADE"),
        ("referral_codes.user_id", "CASCADE"),
        ("referrals.referee_id", "NO ACTION"),
        ("referrals.referrer_id", "NO ACTION"),
        ("social_achievements.user_id", "CASCADE"),
    ];
    let decided: BTreeMap<_, _> = decided.iter().map(|(from, rule)| (from.to_string(), rule.to_string())).collect();
    assert_eq!(schema::user_references(&migrated().await?).await?, decided);
    // Each has its way of refusing who was erased, too.
    let names: BTreeSet<_> = decided.keys().map(|from| format!("{}_fkey", from.replace('.', "_"))).collect();
    assert_eq!(names, Social::USER_REFERENCES.iter().map(ToString::to_string).collect());
    Ok(())
}

#[tokio::test]
async fn indexes_serve_and_do_not_repeat() -> anyhow::Result<()> {
    let client = migrated().await?;
    assert_eq!(schema::foreign_keys_without_index(&client).await?, BTreeSet::new());
    assert_eq!(schema::repeated_indexes(&client).await?, BTreeSet::new());
    Ok(())
}

const PEOPLE: &str = "INSERT INTO users (id, display_name, privacy_level)
    SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'U' || n, CASE n WHEN 4 THEN 'private' ELSE 'public' END
    FROM generate_series(1, 6) n;";

#[tokio::test]
async fn the_leaderboard_view_ranks_who_is_on_the_board() -> anyhow::Result<()> {
    let client = migrated().await?;
    client
        .batch_execute(&format!(
            "{PEOPLE}
             INSERT INTO community_challenges (id, challenge_name, description, challenge_type, duration_days, scoring)
             VALUES ('00000000-0000-0000-0000-0000000000c1', 'C', 'd', 'consistency', 7, '{{}}');
             INSERT INTO challenge_participants (challenge_id, user_id, final_score, completion_status, is_visible)
             SELECT '00000000-0000-0000-0000-0000000000c1', ('00000000-0000-0000-0000-00000000000' || n)::uuid,
                    CASE n WHEN 1 THEN 10 WHEN 2 THEN 20 WHEN 3 THEN 20 ELSE 99 END,
                    CASE n WHEN 5 THEN 'withdrawn' ELSE 'active' END, n <> 6
             FROM generate_series(1, 6) n;"
        ))
        .await?;
    let query = "SELECT string_agg(display_name || ':' || current_rank, ' ' ORDER BY current_rank, user_id)
                 FROM challenge_leaderboards";
    let board: String = client.query_one(query, &[]).await?.get(0);
    assert_eq!(board, "U2:1 U3:1 U1:3", "ties share a rank; the private, withdrawn and hidden are not there");
    Ok(())
}

#[tokio::test]
async fn referral_analytics_counts_what_was_earned() -> anyhow::Result<()> {
    let client = migrated().await?;
    client
        .batch_execute(&format!(
            "{PEOPLE}
             INSERT INTO referrals (referrer_id, referee_id, referral_code, invited_at, signed_up_at, first_purchase_at,
                                    reward_status, reward_amount, expires_at, credit_due_at)
             SELECT '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'CODE' || n,
                    now() - interval '10 days', now() - interval '9 days',
                    CASE WHEN n <= 3 THEN now() - interval '7 days 12 hours' END,
                    CASE n WHEN 2 THEN 'earned' WHEN 3 THEN 'credited' WHEN 4 THEN 'pending' ELSE 'expired' END, 5,
                    now() + interval '80 days', now()
             FROM generate_series(2, 5) n;"
        ))
        .await?;
    let query = "SELECT total_referrals, successful_signups, converted_purchases, total_rewards_earned::text,
                        avg_conversion_days::float8 FROM referral_analytics";
    let row = client.query_one(query, &[]).await?;
    let found: (i64, i64, i64, String, f64) = (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
    assert_eq!(found, (4, 4, 2, "10.00".to_owned(), 1.5), "pending and expired rewards were not earned; half days count");
    Ok(())
}

#[tokio::test]
async fn erasing_a_user_keeps_what_is_not_theirs_alone() -> anyhow::Result<()> {
    let client = migrated().await?;
    client
        .batch_execute(&format!(
            "{PEOPLE}
             INSERT INTO community_challenges (id, challenge_name, description, challenge_type, duration_days, scoring, created_by)
             VALUES ('00000000-0000-0000-0000-0000000000c1', 'C', 'd', 'consistency', 7, '{{}}', '00000000-0000-0000-0000-000000000001');
             INSERT INTO referrals (referrer_id, referee_id, referral_code, expires_at)
             VALUES ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', 'CODE1', now());
             INSERT INTO challenge_participants (challenge_id, user_id)
             VALUES ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-000000000001');
             INSERT INTO notification_preferences (user_id) VALUES ('00000000-0000-0000-0000-000000000001');"
        ))
        .await?;
    let erase = "DELETE FROM users WHERE id = '00000000-0000-0000-0000-000000000001'";
    assert!(client.execute(erase, &[]).await.is_err(), "what must stay is re-pointed first");
    client
        .batch_execute(
            "UPDATE community_challenges SET created_by = '00000000-0000-0000-0000-000000000006';
             UPDATE referrals SET referee_id = '00000000-0000-0000-0000-000000000006';",
        )
        .await?;
    client.execute(erase, &[]).await?;
    let query = "SELECT (SELECT count(*) FROM challenge_participants) || ' ' || (SELECT count(*) FROM notification_preferences)
                        || ' ' || (SELECT count(*) FROM community_challenges WHERE created_by IS NOT NULL)
                        || ' ' || (SELECT count(*) FROM referrals WHERE referee_id IS NOT NULL)";
    let left: String = client.query_one(query, &[]).await?.get(0);
    assert_eq!(left, "0 0 1 1");
    Ok(())
}
