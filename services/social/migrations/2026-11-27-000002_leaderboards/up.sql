-- Extra: what a leaderboard shows of a participant's profile, written with the profile: a page of it would have to look up a hundred users
-- in a hundred places, and a copy that is kept elsewhere would show a name after it was made private.
ALTER TABLE challenge_participants ADD COLUMN display_name VARCHAR(200);
-- Extra: who may see the profile at most. `everyone` is a public one that is no child's.
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
-- Extra: who is on the leaderboard, said once.
ALTER TABLE challenge_participants ADD COLUMN on_board BOOLEAN NOT NULL
  GENERATED ALWAYS AS (is_visible AND shown_to <> 'nobody' AND completion_status <> 'withdrawn') STORED;

-- A page needs no sort and passes over nobody.
DROP INDEX challenge_participants_leaderboard_idx;
CREATE INDEX challenge_participants_board_idx
  ON challenge_participants (challenge_id, final_score DESC, score_reached_at, user_id) WHERE on_board;

-- Extra: how many are on a board, by score and by ranges of scores: 64 to the power of `level` scores each. A rank is a sum over at most
-- 63 of each level, however many take part. It has no foreign key: each change would have to lock the challenge.
CREATE TABLE leaderboard_counts (
  challenge_id UUID NOT NULL,
  level SMALLINT NOT NULL,
  -- The score, divided by 64 to the power of `level`.
  bucket INTEGER NOT NULL,
  -- It may be below 0 while what makes up for it is still among the changes.
  participants INTEGER NOT NULL,
  CONSTRAINT leaderboard_counts_pkey PRIMARY KEY (challenge_id, level, bucket),
  CONSTRAINT leaderboard_counts_level_check CHECK (level BETWEEN 0 AND 4)
) WITH (fillfactor = 50);
WITH counted AS (
  SELECT challenge_id, level, final_score >> (6 * level) AS bucket, count(*) AS participants
  FROM challenge_participants CROSS JOIN generate_series(0, 4) level
  WHERE on_board
  GROUP BY 1, 2, 3
)
INSERT INTO leaderboard_counts (challenge_id, level, bucket, participants)
SELECT challenge_id, level, bucket, participants FROM counted;

-- Extra: what is yet to be added to the counts. Whoever scores adds a row and waits for nobody: on one count all would wait for each
-- other's commit.
CREATE TABLE leaderboard_changes (
  challenge_id UUID NOT NULL,
  id BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  -- NULL: was not on the board.
  old_score INTEGER,
  -- NULL: is not on the board any more.
  new_score INTEGER,
  CONSTRAINT leaderboard_changes_pkey PRIMARY KEY (challenge_id, id),
  CONSTRAINT leaderboard_changes_scores_check CHECK (old_score IS DISTINCT FROM new_score)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
