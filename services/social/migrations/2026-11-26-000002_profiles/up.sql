-- A name has 50 characters as people count them, and one of those may be several code points, which VARCHAR counts. The view stands in
-- the way of the change, and is made again as it was.
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

-- Extra: since when the profile is as somebody wanted it, by the registration or by the user's own choice. Whichever comes second does
-- not take back what the first has chosen.
ALTER TABLE users ADD COLUMN completed_at TIMESTAMPTZ;
UPDATE users SET completed_at = updated_at WHERE display_name IS NOT NULL;

-- Extra: of a child that was added to a family, and who answers for it: they give it its name here.
ALTER TABLE family_memberships ADD COLUMN was_added BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE family_memberships ADD COLUMN guardian_user_id UUID;
-- SET NULL: the child stays when its guardian is erased.
ALTER TABLE family_memberships ADD CONSTRAINT family_memberships_guardian_user_id_fkey
  FOREIGN KEY (guardian_user_id) REFERENCES users (id) ON DELETE SET NULL;
CREATE INDEX family_memberships_guardian_user_id_idx ON family_memberships (guardian_user_id);
