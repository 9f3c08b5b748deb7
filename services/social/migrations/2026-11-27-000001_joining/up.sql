-- Extra: what joins a challenge that not everyone finds.
ALTER TABLE community_challenges ADD COLUMN join_code VARCHAR(10);
WITH codes AS MATERIALIZED (
  SELECT id, upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 10)) AS code FROM community_challenges WHERE NOT is_public
)
UPDATE community_challenges c
SET join_code = codes.code, updated_at = now()
FROM codes
WHERE c.id = codes.id;
-- Kept in capitals, so that the UNIQUE on it holds whatever the case of what was typed.
ALTER TABLE community_challenges ADD CONSTRAINT community_challenges_join_code_check
  CHECK (join_code = upper(join_code) AND length(join_code) = 10);
ALTER TABLE community_challenges ADD CONSTRAINT community_challenges_is_public_check CHECK (is_public = (join_code IS NULL));
ALTER TABLE community_challenges ADD CONSTRAINT community_challenges_join_code_key UNIQUE (join_code);

-- Extra: counts the writes of a participant's days. Whoever computed sums from those before one of them finds that they changed.
ALTER TABLE challenge_participants ADD COLUMN progress_version INTEGER NOT NULL DEFAULT 0;

-- The order of lists: as few rows as there are challenges in use, so that no filter needs an index of its own.
CREATE INDEX community_challenges_list_idx
  ON community_challenges (featured_priority DESC, start_date, id) WHERE is_public AND is_active;
-- The order of a user's seats.
DROP INDEX challenge_participants_user_id_idx;
CREATE INDEX challenge_participants_user_id_joined_at_idx ON challenge_participants (user_id, joined_at DESC, id DESC);
