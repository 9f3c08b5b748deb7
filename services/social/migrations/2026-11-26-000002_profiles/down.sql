ALTER TABLE family_memberships DROP COLUMN guardian_user_id;
ALTER TABLE family_memberships DROP COLUMN was_added;
ALTER TABLE users DROP COLUMN completed_at;
DROP VIEW challenge_leaderboards;
ALTER TABLE users ALTER COLUMN display_name TYPE VARCHAR(50) USING left(display_name, 50);
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
