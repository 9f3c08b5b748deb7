CREATE TABLE community_challenges (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  challenge_name VARCHAR(100) NOT NULL,
  description TEXT NOT NULL,
  -- NOT NULL, unlike the spec: no day can be scored without it.
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
  -- Extra: the targets, caps and fruits by which a day is scored, fixed with the challenge: a score must not change when
  -- a default does.
  scoring JSONB NOT NULL,
  -- Extra: counting participants races; a counter with a CHECK cannot let one too many in.
  participant_count INTEGER NOT NULL DEFAULT 0,
  -- Extra: challenges change while upcoming, and a change is what an etag shows.
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT community_challenges_pkey PRIMARY KEY (id),
  -- NO ACTION: SET NULL would make it a system challenge; an erased creator stays as a pseudonym.
  CONSTRAINT community_challenges_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT community_challenges_challenge_name_check CHECK (btrim(challenge_name) <> ''),
  CONSTRAINT community_challenges_description_check CHECK (btrim(description) <> ''),
  CONSTRAINT community_challenges_challenge_type_check
    CHECK (challenge_type IN ('consistency', 'variety', 'seasonal', 'goal_based')),
  CONSTRAINT community_challenges_difficulty_level_check CHECK (difficulty_level BETWEEN 1 AND 5),
  CONSTRAINT community_challenges_duration_days_check CHECK (duration_days BETWEEN 1 AND 366),
  CONSTRAINT community_challenges_max_participants_check CHECK (max_participants >= 1),
  -- One date without the other would make the comparison NULL, which a CHECK lets pass: hence the first line.
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
  -- Extra: who reached a score first stands before those who reached it later.
  score_reached_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- Extra: status and visibility change, and a change is what an etag and an export show.
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT challenge_participants_pkey PRIMARY KEY (id),
  -- Makes the spec's idx_challenge_participants_challenge_user superfluous.
  CONSTRAINT challenge_participants_challenge_id_user_id_key UNIQUE (challenge_id, user_id),
  CONSTRAINT challenge_participants_challenge_id_fkey FOREIGN KEY (challenge_id)
    REFERENCES community_challenges (id) ON DELETE CASCADE,
  -- CASCADE: a participation is the person's own. It frees no seat: erasure withdraws first.
  CONSTRAINT challenge_participants_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT challenge_participants_completion_status_check
    CHECK (completion_status IN ('active', 'completed', 'failed', 'withdrawn')),
  CONSTRAINT challenge_participants_final_score_check CHECK (final_score >= 0),
  CONSTRAINT challenge_participants_rank_position_check CHECK (rank_position >= 1)
);

CREATE INDEX challenge_participants_user_id_idx ON challenge_participants (user_id);
-- The order of the board, ties included: a page of it must need no sort at a million participants. Not partial, since
-- prizes also rank those who hide.
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
  -- Extra: a day may be corrected, and a correction of an earlier day moves its sums.
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT challenge_progress_pkey PRIMARY KEY (id),
  -- Makes the spec's idx_challenge_progress_participant_date superfluous.
  CONSTRAINT challenge_progress_challenge_participant_id_progress_date_key
    UNIQUE (challenge_participant_id, progress_date),
  CONSTRAINT challenge_progress_challenge_participant_id_fkey FOREIGN KEY (challenge_participant_id)
    REFERENCES challenge_participants (id) ON DELETE CASCADE,
  CONSTRAINT challenge_progress_daily_score_check CHECK (daily_score >= 0),
  CONSTRAINT challenge_progress_cumulative_score_check CHECK (cumulative_score >= 0)
);

-- For analysts with psql; the service reads its boards by the index. The spec's view lists withdrawn and private users
-- and orders ties at random: here they are left out before anyone is ranked, and ties share a rank.
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
