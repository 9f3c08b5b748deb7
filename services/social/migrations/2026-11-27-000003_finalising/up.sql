-- Extra: when the results of a challenge became final.
ALTER TABLE community_challenges ADD COLUMN finalised_at TIMESTAMPTZ;
-- What is yet to be finalised, the longest over first.
CREATE INDEX community_challenges_end_date_idx ON community_challenges (end_date)
  WHERE finalised_at IS NULL AND is_active AND end_date IS NOT NULL;

-- Extra: from when on nothing of a seat changes any more, in a challenge without dates; in one with dates that is the challenge's.
ALTER TABLE challenge_participants ADD COLUMN ends_at TIMESTAMPTZ;
UPDATE challenge_participants cp
SET ends_at = (date_trunc('day', cp.joined_at AT TIME ZONE coalesce(z.name, 'UTC')) + make_interval(days => cc.duration_days + 2, hours => 12)) AT TIME ZONE 'UTC',
  updated_at = now()
-- A zone that the service knows and PostgreSQL does not is UTC here.
FROM community_challenges cc, users u LEFT JOIN pg_timezone_names z ON z.name = u.time_zone
WHERE cc.id = cp.challenge_id AND u.id = cp.user_id AND cc.start_date IS NULL;
-- Of those that are over, the longest over first.
CREATE INDEX challenge_participants_ends_at_idx ON challenge_participants (ends_at)
  WHERE completion_status = 'active' AND ends_at IS NOT NULL;
-- The order in which ranks are given. Only those are in it whose score is final, so that no progress has to write it.
CREATE INDEX challenge_participants_results_idx ON challenge_participants (challenge_id, final_score DESC, id)
  WHERE completion_status IN ('completed', 'failed');

-- Extra table: how far the finalising of a challenge is. First everyone is judged, by user; then everyone is ranked, by score. Each step is
-- one transaction with the row here, so that whoever goes on goes on where the last one was.
CREATE TABLE challenge_finalisations (
  challenge_id UUID NOT NULL,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- The last who was judged; nobody after their erasure, and it begins again with those who are left.
  judged_user_id UUID,
  judged_all BOOLEAN NOT NULL DEFAULT false,
  completed INTEGER NOT NULL DEFAULT 0,
  -- The last who was ranked, and how many were.
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
