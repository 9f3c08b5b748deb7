-- What the migrations of the release of 2026-11-29 made of the social slice's schema, and their entries in diesel's table.
-- Test data, generated from that release. Do not edit it.

CREATE TABLE __diesel_schema_migrations (
  version VARCHAR(50) PRIMARY KEY NOT NULL,
  run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- 2026-11-23-000001_users
CREATE TABLE users (
  id UUID NOT NULL,
  display_name VARCHAR(50),
  privacy_level VARCHAR(20) NOT NULL DEFAULT 'friends_only',
  social_sharing_enabled BOOLEAN NOT NULL DEFAULT true,
  referral_credits_earned NUMERIC(10,2) NOT NULL DEFAULT 0.00,
  time_zone TEXT NOT NULL DEFAULT 'UTC',
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_privacy_level_check CHECK (privacy_level IN ('public', 'friends_only', 'private')),
  CONSTRAINT users_referral_credits_earned_check CHECK (referral_credits_earned BETWEEN 0 AND 99999999.99),
  CONSTRAINT users_time_zone_check CHECK (btrim(time_zone) <> '')
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000001');

-- 2026-11-23-000002_idempotency
CREATE TABLE idempotency_keys (
  caller TEXT NOT NULL,
  method TEXT NOT NULL,
  request_id UUID NOT NULL,
  request_hash BYTEA NOT NULL,
  result_ids UUID[] NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  expires_at TIMESTAMPTZ,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, method, request_id),
  CONSTRAINT idempotency_keys_caller_check CHECK (btrim(caller) <> ''),
  CONSTRAINT idempotency_keys_method_check CHECK (btrim(method) <> ''),
  CONSTRAINT idempotency_keys_result_ids_check CHECK (array_position(result_ids, NULL) IS NULL),
  CONSTRAINT idempotency_keys_expires_at_check CHECK (expires_at > created_at)
);

CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at) WHERE expires_at IS NOT NULL;
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000002');

-- 2026-11-23-000003_notifications
CREATE TABLE notification_preferences (
  user_id UUID NOT NULL,
  email_enabled BOOLEAN NOT NULL DEFAULT true,
  push_enabled BOOLEAN NOT NULL DEFAULT true,
  social_notifications JSONB NOT NULL DEFAULT '{"challenges": true, "referrals": true, "family": true}',
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT notification_preferences_pkey PRIMARY KEY (user_id),
  CONSTRAINT notification_preferences_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000003');

-- 2026-11-23-000004_challenges
CREATE TABLE community_challenges (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  challenge_name VARCHAR(100) NOT NULL,
  description TEXT NOT NULL,
  challenge_type VARCHAR(30) NOT NULL,
  difficulty_level INTEGER NOT NULL DEFAULT 1,
  duration_days INTEGER NOT NULL,
  max_participants INTEGER,
  entry_requirements JSONB,
  success_criteria JSONB,
  reward_structure JSONB,
  start_date DATE,
  end_date DATE,
  created_by UUID,
  is_public BOOLEAN NOT NULL DEFAULT true,
  is_active BOOLEAN NOT NULL DEFAULT true,
  featured_priority INTEGER NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  scoring JSONB NOT NULL,
  participant_count INTEGER NOT NULL DEFAULT 0,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT community_challenges_pkey PRIMARY KEY (id),
  CONSTRAINT community_challenges_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT community_challenges_challenge_name_check CHECK (btrim(challenge_name) <> ''),
  CONSTRAINT community_challenges_description_check CHECK (btrim(description) <> ''),
  CONSTRAINT community_challenges_challenge_type_check
    CHECK (challenge_type IN ('consistency', 'variety', 'seasonal', 'goal_based')),
  CONSTRAINT community_challenges_difficulty_level_check CHECK (difficulty_level BETWEEN 1 AND 5),
  CONSTRAINT community_challenges_duration_days_check CHECK (duration_days BETWEEN 1 AND 366),
  CONSTRAINT community_challenges_max_participants_check CHECK (max_participants >= 1),
  CONSTRAINT community_challenges_dates_check CHECK (
    (start_date IS NULL) = (end_date IS NULL)
    AND (start_date IS NULL OR (isfinite(start_date) AND end_date = start_date + (duration_days - 1)))
  ),
  CONSTRAINT community_challenges_featured_priority_check CHECK (featured_priority >= 0),
  CONSTRAINT community_challenges_seats_check
    CHECK (participant_count >= 0 AND (max_participants IS NULL OR participant_count <= max_participants))
);

CREATE INDEX idx_community_challenges_active ON community_challenges (is_active, start_date, end_date);
CREATE INDEX community_challenges_created_by_idx ON community_challenges (created_by);

CREATE TABLE challenge_participants (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  challenge_id UUID NOT NULL,
  user_id UUID NOT NULL,
  joined_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  completion_status VARCHAR(20) NOT NULL DEFAULT 'active',
  completion_date TIMESTAMPTZ,
  final_score INTEGER NOT NULL DEFAULT 0,
  rank_position INTEGER,
  rewards_earned JSONB,
  is_visible BOOLEAN NOT NULL DEFAULT true,
  score_reached_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT challenge_participants_pkey PRIMARY KEY (id),
  CONSTRAINT challenge_participants_challenge_id_user_id_key UNIQUE (challenge_id, user_id),
  CONSTRAINT challenge_participants_challenge_id_fkey FOREIGN KEY (challenge_id)
    REFERENCES community_challenges (id) ON DELETE CASCADE,
  CONSTRAINT challenge_participants_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT challenge_participants_completion_status_check
    CHECK (completion_status IN ('active', 'completed', 'failed', 'withdrawn')),
  CONSTRAINT challenge_participants_final_score_check CHECK (final_score >= 0),
  CONSTRAINT challenge_participants_rank_position_check CHECK (rank_position >= 1)
);

CREATE INDEX challenge_participants_user_id_idx ON challenge_participants (user_id);
CREATE INDEX challenge_participants_leaderboard_idx
  ON challenge_participants (challenge_id, final_score DESC, score_reached_at, user_id);

CREATE TABLE challenge_progress (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  challenge_participant_id UUID NOT NULL,
  progress_date DATE NOT NULL,
  progress_data JSONB NOT NULL,
  daily_score INTEGER NOT NULL DEFAULT 0,
  cumulative_score INTEGER NOT NULL DEFAULT 0,
  notes TEXT,
  auto_generated BOOLEAN NOT NULL DEFAULT false,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT challenge_progress_pkey PRIMARY KEY (id),
  CONSTRAINT challenge_progress_challenge_participant_id_progress_date_key
    UNIQUE (challenge_participant_id, progress_date),
  CONSTRAINT challenge_progress_challenge_participant_id_fkey FOREIGN KEY (challenge_participant_id)
    REFERENCES challenge_participants (id) ON DELETE CASCADE,
  CONSTRAINT challenge_progress_daily_score_check CHECK (daily_score >= 0),
  CONSTRAINT challenge_progress_cumulative_score_check CHECK (cumulative_score >= 0)
);

CREATE VIEW challenge_leaderboards AS
SELECT
  cp.challenge_id,
  cc.challenge_name,
  cp.user_id,
  u.display_name,
  cp.final_score,
  cp.rank_position,
  cp.completion_status,
  rank() OVER (PARTITION BY cp.challenge_id ORDER BY cp.final_score DESC) AS current_rank
FROM community_challenges cc
JOIN challenge_participants cp ON cp.challenge_id = cc.id
JOIN users u ON u.id = cp.user_id
WHERE cc.is_active
  AND cp.completion_status <> 'withdrawn'
  AND cp.is_visible
  AND u.privacy_level <> 'private'
ORDER BY cp.challenge_id, cp.final_score DESC, cp.score_reached_at, cp.user_id;
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000004');

-- 2026-11-23-000005_referrals
CREATE TABLE referrals (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  referrer_id UUID NOT NULL,
  referee_id UUID,
  referral_code VARCHAR(20) NOT NULL,
  referral_method VARCHAR(30),
  referral_source VARCHAR(50),
  invited_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  signed_up_at TIMESTAMPTZ,
  first_purchase_at TIMESTAMPTZ,
  reward_status VARCHAR(20) NOT NULL DEFAULT 'pending',
  reward_amount NUMERIC(10,2),
  bonus_tier INTEGER NOT NULL DEFAULT 1,
  metadata JSONB,
  CONSTRAINT referrals_pkey PRIMARY KEY (id),
  CONSTRAINT referrals_referral_code_key UNIQUE (referral_code),
  CONSTRAINT referrals_referee_id_key UNIQUE (referee_id),
  CONSTRAINT referrals_referrer_id_fkey FOREIGN KEY (referrer_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT referrals_referee_id_fkey FOREIGN KEY (referee_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT referrals_self_check CHECK (referrer_id <> referee_id),
  CONSTRAINT referrals_referral_code_check CHECK (btrim(referral_code) <> '' AND referral_code = upper(referral_code)),
  CONSTRAINT referrals_referral_method_check
    CHECK (referral_method IN ('code', 'link', 'qr_code', 'contact_share')),
  CONSTRAINT referrals_referral_source_check CHECK (referral_source IN ('app_share', 'sms', 'email', 'social')),
  CONSTRAINT referrals_first_purchase_at_check CHECK (first_purchase_at >= signed_up_at),
  CONSTRAINT referrals_reward_status_check CHECK (reward_status IN ('pending', 'earned', 'credited', 'expired')),
  CONSTRAINT referrals_reward_amount_check CHECK (reward_amount BETWEEN 0 AND 99999999.99),
  CONSTRAINT referrals_earned_amount_check
    CHECK (reward_status NOT IN ('earned', 'credited') OR reward_amount IS NOT NULL),
  CONSTRAINT referrals_bonus_tier_check CHECK (bonus_tier >= 1)
);

CREATE INDEX idx_referrals_referrer_status ON referrals (referrer_id, reward_status);

CREATE VIEW referral_analytics AS
SELECT
  r.referrer_id,
  count(*) AS total_referrals,
  count(r.signed_up_at) AS successful_signups,
  count(r.first_purchase_at) AS converted_purchases,
  coalesce(sum(r.reward_amount) FILTER (WHERE r.reward_status IN ('earned', 'credited')), 0) AS total_rewards_earned,
  avg(extract(EPOCH FROM r.first_purchase_at - r.signed_up_at) / 86400) AS avg_conversion_days,
  coalesce(sum(r.reward_amount) FILTER (WHERE r.reward_status = 'pending'), 0) AS pending_rewards,
  coalesce(sum(r.reward_amount) FILTER (WHERE r.reward_status = 'expired'), 0) AS expired_rewards
FROM referrals r
WHERE r.invited_at >= current_date - INTERVAL '90 days'
GROUP BY r.referrer_id;
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000005');

-- 2026-11-23-000006_achievements
CREATE TABLE social_achievements (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  achievement_type VARCHAR(50) NOT NULL,
  achievement_name VARCHAR(100) NOT NULL,
  description TEXT,
  related_entity_id UUID,
  related_entity_type VARCHAR(30),
  points_awarded INTEGER NOT NULL DEFAULT 0,
  badge_awarded VARCHAR(50),
  special_reward JSONB,
  achieved_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  is_public BOOLEAN NOT NULL DEFAULT true,
  celebration_shown BOOLEAN NOT NULL DEFAULT false,
  CONSTRAINT social_achievements_pkey PRIMARY KEY (id),
  CONSTRAINT social_achievements_award_key
    UNIQUE NULLS NOT DISTINCT (user_id, achievement_type, achievement_name, related_entity_id),
  CONSTRAINT social_achievements_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT social_achievements_achievement_type_check
    CHECK (achievement_type IN ('referral_milestone', 'challenge_winner', 'recipe_featured')),
  CONSTRAINT social_achievements_achievement_name_check CHECK (btrim(achievement_name) <> ''),
  CONSTRAINT social_achievements_related_entity_type_check
    CHECK (related_entity_type IN ('challenge', 'referral', 'recipe')),
  CONSTRAINT social_achievements_points_awarded_check CHECK (points_awarded >= 0)
);

CREATE TABLE achievement_milestones (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  milestone_type VARCHAR(50) NOT NULL,
  target INTEGER NOT NULL,
  current INTEGER NOT NULL DEFAULT 0,
  achieved BOOLEAN NOT NULL DEFAULT false,
  achieved_at TIMESTAMPTZ,
  is_social_achievement BOOLEAN NOT NULL DEFAULT false,
  shared_publicly BOOLEAN NOT NULL DEFAULT false,
  social_context JSONB,
  CONSTRAINT achievement_milestones_pkey PRIMARY KEY (id),
  CONSTRAINT achievement_milestones_user_id_milestone_type_target_key UNIQUE (user_id, milestone_type, target),
  CONSTRAINT achievement_milestones_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT achievement_milestones_milestone_type_check CHECK (btrim(milestone_type) <> ''),
  CONSTRAINT achievement_milestones_target_check CHECK (target > 0),
  CONSTRAINT achievement_milestones_current_check CHECK (current >= 0),
  CONSTRAINT achievement_milestones_achieved_at_check CHECK (achieved = (achieved_at IS NOT NULL))
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000006');

-- 2026-11-24-000001_inbox
CREATE TABLE inbox (
  source TEXT NOT NULL,
  aggregate_id UUID NOT NULL,
  sequence BIGINT NOT NULL,
  CONSTRAINT inbox_pkey PRIMARY KEY (source, aggregate_id),
  CONSTRAINT inbox_source_check CHECK (btrim(source) <> ''),
  CONSTRAINT inbox_sequence_check CHECK (sequence >= 0)
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261124000001');

-- 2026-11-24-000002_family_memberships
CREATE TABLE family_memberships (
  family_plan_id UUID NOT NULL,
  user_id UUID NOT NULL,
  role VARCHAR(20) NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT family_memberships_pkey PRIMARY KEY (family_plan_id, user_id),
  CONSTRAINT family_memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT family_memberships_role_check CHECK (role IN ('admin', 'member', 'child', 'guest'))
);

CREATE INDEX family_memberships_user_id_idx ON family_memberships (user_id);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261124000002');

-- 2026-11-26-000001_erasure
CREATE TABLE erased_users (
  user_hash BYTEA NOT NULL,
  erased_at TIMESTAMPTZ NOT NULL DEFAULT date_trunc('day', now(), 'UTC'),
  CONSTRAINT erased_users_pkey PRIMARY KEY (user_hash),
  CONSTRAINT erased_users_user_hash_check CHECK (octet_length(user_hash) = 32)
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261126000001');

-- 2026-11-26-000002_profiles
DROP VIEW challenge_leaderboards;
ALTER TABLE users ALTER COLUMN display_name TYPE VARCHAR(200);
CREATE VIEW challenge_leaderboards AS
SELECT
  cp.challenge_id,
  cc.challenge_name,
  cp.user_id,
  u.display_name,
  cp.final_score,
  cp.rank_position,
  cp.completion_status,
  rank() OVER (PARTITION BY cp.challenge_id ORDER BY cp.final_score DESC) AS current_rank
FROM community_challenges cc
JOIN challenge_participants cp ON cp.challenge_id = cc.id
JOIN users u ON u.id = cp.user_id
WHERE cc.is_active
  AND cp.completion_status <> 'withdrawn'
  AND cp.is_visible
  AND u.privacy_level <> 'private'
ORDER BY cp.challenge_id, cp.final_score DESC, cp.score_reached_at, cp.user_id;

ALTER TABLE users ADD COLUMN completed_at TIMESTAMPTZ;
UPDATE users SET completed_at = updated_at WHERE display_name IS NOT NULL;

ALTER TABLE family_memberships ADD COLUMN was_added BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE family_memberships ADD COLUMN guardian_user_id UUID;
ALTER TABLE family_memberships ADD CONSTRAINT family_memberships_guardian_user_id_fkey
  FOREIGN KEY (guardian_user_id) REFERENCES users (id) ON DELETE SET NULL;
CREATE INDEX family_memberships_guardian_user_id_idx ON family_memberships (guardian_user_id);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261126000002');

-- 2026-11-26-000003_friendships
CREATE TABLE friendships (
  first_user_id UUID NOT NULL,
  second_user_id UUID NOT NULL,
  status VARCHAR(20) NOT NULL,
  requested_by UUID,
  requested_at TIMESTAMPTZ,
  accepted_at TIMESTAMPTZ,
  blocked_by_first_at TIMESTAMPTZ,
  blocked_by_second_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT friendships_pkey PRIMARY KEY (first_user_id, second_user_id),
  CONSTRAINT friendships_first_user_id_fkey FOREIGN KEY (first_user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT friendships_second_user_id_fkey FOREIGN KEY (second_user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT friendships_order_check CHECK (first_user_id < second_user_id),
  CONSTRAINT friendships_status_check CHECK (status IN ('none', 'requested', 'accepted')),
  CONSTRAINT friendships_requested_check CHECK (num_nonnulls(requested_by, requested_at) = CASE status WHEN 'requested' THEN 2 ELSE 0 END),
  CONSTRAINT friendships_requested_by_check CHECK (requested_by IN (first_user_id, second_user_id)),
  CONSTRAINT friendships_accepted_at_check CHECK ((status = 'accepted') = (accepted_at IS NOT NULL)),
  CONSTRAINT friendships_blocked_check CHECK ((status = 'none') = (num_nonnulls(blocked_by_first_at, blocked_by_second_at) > 0))
);

CREATE INDEX friendships_second_user_id_first_user_id_idx ON friendships (second_user_id, first_user_id);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261126000003');

-- 2026-11-26-000004_awards
ALTER TABLE social_achievements DROP CONSTRAINT social_achievements_achievement_type_check;
ALTER TABLE social_achievements ADD CONSTRAINT social_achievements_achievement_type_check CHECK (
  achievement_type IN ('referral_milestone', 'challenge_winner', 'recipe_featured', 'challenge_completed', 'consultation_completed')
);
ALTER TABLE social_achievements DROP CONSTRAINT social_achievements_related_entity_type_check;
ALTER TABLE social_achievements ADD CONSTRAINT social_achievements_related_entity_type_check
  CHECK (related_entity_type IN ('challenge', 'referral', 'recipe', 'session'));
ALTER TABLE social_achievements ADD CONSTRAINT social_achievements_related_entity_check
  CHECK ((related_entity_id IS NULL) = (related_entity_type IS NULL));
ALTER TABLE social_achievements ADD COLUMN updated_at TIMESTAMPTZ NOT NULL DEFAULT now();
ALTER TABLE achievement_milestones ADD COLUMN updated_at TIMESTAMPTZ NOT NULL DEFAULT now();
CREATE INDEX social_achievements_user_id_achieved_at_idx ON social_achievements (user_id, achieved_at DESC, id DESC);

ALTER TABLE achievement_milestones DROP CONSTRAINT achievement_milestones_milestone_type_check;
ALTER TABLE achievement_milestones ADD CONSTRAINT achievement_milestones_milestone_type_check
  CHECK (milestone_type IN ('conversions', 'challenges_completed', 'recipes_featured'));
ALTER TABLE achievement_milestones ADD CONSTRAINT achievement_milestones_achieved_check CHECK (achieved OR current < target);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261126000004');

-- 2026-11-26-000005_outbox
CREATE TABLE outbox (
  consumer TEXT NOT NULL,
  position BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  event_id UUID NOT NULL,
  aggregate_id UUID NOT NULL,
  sequence BIGINT NOT NULL,
  event_type TEXT NOT NULL,
  payload BYTEA NOT NULL,
  traceparent TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT outbox_pkey PRIMARY KEY (consumer, position),
  CONSTRAINT outbox_consumer_aggregate_id_sequence_key UNIQUE (consumer, aggregate_id, sequence),
  CONSTRAINT outbox_consumer_check CHECK (btrim(consumer) <> ''),
  CONSTRAINT outbox_sequence_check CHECK (sequence > 0),
  CONSTRAINT outbox_event_type_check CHECK (btrim(event_type) <> ''),
  CONSTRAINT outbox_payload_check CHECK (octet_length(payload) <= 1024)
);

CREATE TABLE outbox_failures (
  consumer TEXT NOT NULL,
  aggregate_id UUID NOT NULL,
  position BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  retry_at TIMESTAMPTZ,
  parked_at TIMESTAMPTZ,
  refusal TEXT NOT NULL,
  CONSTRAINT outbox_failures_pkey PRIMARY KEY (consumer, aggregate_id),
  CONSTRAINT outbox_failures_consumer_position_key UNIQUE (consumer, position),
  CONSTRAINT outbox_failures_event_fkey FOREIGN KEY (consumer, position) REFERENCES outbox (consumer, position) ON DELETE CASCADE,
  CONSTRAINT outbox_failures_attempts_check CHECK (attempts > 0),
  CONSTRAINT outbox_failures_parked_check CHECK (num_nonnulls(retry_at, parked_at) = 1)
);

CREATE TABLE outbox_leases (
  consumer TEXT NOT NULL,
  holder UUID NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT outbox_leases_pkey PRIMARY KEY (consumer)
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261126000005');

-- 2026-11-27-000001_joining
ALTER TABLE community_challenges ADD COLUMN join_code VARCHAR(10);
UPDATE community_challenges
SET join_code = upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 10)), updated_at = now()
WHERE NOT is_public;
ALTER TABLE community_challenges ADD CONSTRAINT community_challenges_join_code_check
  CHECK (join_code = upper(join_code) AND length(join_code) = 10);
ALTER TABLE community_challenges ADD CONSTRAINT community_challenges_is_public_check CHECK (is_public = (join_code IS NULL));
ALTER TABLE community_challenges ADD CONSTRAINT community_challenges_join_code_key UNIQUE (join_code);

ALTER TABLE challenge_participants ADD COLUMN progress_version INTEGER NOT NULL DEFAULT 0;

CREATE INDEX community_challenges_list_idx
  ON community_challenges (featured_priority DESC, start_date, id) WHERE is_public AND is_active;
DROP INDEX challenge_participants_user_id_idx;
CREATE INDEX challenge_participants_user_id_joined_at_idx ON challenge_participants (user_id, joined_at DESC, id DESC);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261127000001');

-- 2026-11-27-000002_leaderboards
ALTER TABLE challenge_participants ADD COLUMN display_name VARCHAR(200);
ALTER TABLE challenge_participants ADD COLUMN shown_to VARCHAR(20) NOT NULL DEFAULT 'friends';
ALTER TABLE challenge_participants ADD CONSTRAINT challenge_participants_shown_to_check
  CHECK (shown_to IN ('everyone', 'friends', 'nobody'));
UPDATE challenge_participants cp
SET
  display_name = u.display_name,
  shown_to = CASE
    WHEN u.privacy_level = 'private' THEN 'nobody'
    WHEN u.privacy_level = 'public' AND NOT EXISTS (
      SELECT FROM family_memberships m WHERE m.user_id = u.id AND m.role = 'child'
    ) THEN 'everyone'
    ELSE 'friends'
  END,
  updated_at = now()
FROM users u
WHERE u.id = cp.user_id;
ALTER TABLE challenge_participants ADD COLUMN on_board BOOLEAN NOT NULL
  GENERATED ALWAYS AS (is_visible AND shown_to <> 'nobody' AND completion_status <> 'withdrawn') STORED;

DROP INDEX challenge_participants_leaderboard_idx;
CREATE INDEX challenge_participants_board_idx
  ON challenge_participants (challenge_id, final_score DESC, score_reached_at, user_id) WHERE on_board;

CREATE TABLE leaderboard_counts (
  challenge_id UUID NOT NULL,
  level SMALLINT NOT NULL,
  bucket INTEGER NOT NULL,
  participants INTEGER NOT NULL,
  CONSTRAINT leaderboard_counts_pkey PRIMARY KEY (challenge_id, level, bucket),
  CONSTRAINT leaderboard_counts_level_check CHECK (level BETWEEN 0 AND 4)
) WITH (fillfactor = 50);
INSERT INTO leaderboard_counts (challenge_id, level, bucket, participants)
SELECT challenge_id, level, final_score >> (6 * level), count(*)
FROM challenge_participants CROSS JOIN generate_series(0, 4) level
WHERE on_board
GROUP BY 1, 2, 3;

CREATE TABLE leaderboard_changes (
  challenge_id UUID NOT NULL,
  id BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  old_score INTEGER,
  new_score INTEGER,
  CONSTRAINT leaderboard_changes_pkey PRIMARY KEY (challenge_id, id),
  CONSTRAINT leaderboard_changes_scores_check CHECK (old_score IS DISTINCT FROM new_score)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261127000002');

-- 2026-11-27-000003_finalising
ALTER TABLE community_challenges ADD COLUMN finalised_at TIMESTAMPTZ;
CREATE INDEX community_challenges_end_date_idx ON community_challenges (end_date)
  WHERE finalised_at IS NULL AND is_active AND end_date IS NOT NULL;

ALTER TABLE challenge_participants ADD COLUMN ends_at TIMESTAMPTZ;
UPDATE challenge_participants cp
SET ends_at = (date_trunc('day', cp.joined_at AT TIME ZONE u.time_zone) + make_interval(days => cc.duration_days + 2, hours => 12)) AT TIME ZONE 'UTC',
  updated_at = now()
FROM community_challenges cc, users u
WHERE cc.id = cp.challenge_id AND u.id = cp.user_id AND cc.start_date IS NULL;
CREATE INDEX challenge_participants_ends_at_idx ON challenge_participants (ends_at)
  WHERE completion_status = 'active' AND ends_at IS NOT NULL;
CREATE INDEX challenge_participants_results_idx ON challenge_participants (challenge_id, final_score DESC, id)
  WHERE completion_status IN ('completed', 'failed');

CREATE TABLE challenge_finalisations (
  challenge_id UUID NOT NULL,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  judged_user_id UUID,
  judged_all BOOLEAN NOT NULL DEFAULT false,
  completed INTEGER NOT NULL DEFAULT 0,
  ranked_id UUID,
  ranked_score INTEGER,
  ranked_position INTEGER,
  ranked INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT challenge_finalisations_pkey PRIMARY KEY (challenge_id),
  CONSTRAINT challenge_finalisations_challenge_id_fkey FOREIGN KEY (challenge_id)
    REFERENCES community_challenges (id) ON DELETE CASCADE,
  CONSTRAINT challenge_finalisations_ranked_check
    CHECK (ranked >= 0 AND num_nonnulls(ranked_id, ranked_score, ranked_position) = CASE WHEN ranked > 0 THEN 3 ELSE 0 END)
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261127000003');
