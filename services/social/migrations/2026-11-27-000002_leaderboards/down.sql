DROP TABLE leaderboard_changes;
DROP TABLE leaderboard_counts;
DROP INDEX challenge_participants_board_idx;
CREATE INDEX challenge_participants_leaderboard_idx
  ON challenge_participants (challenge_id, final_score DESC, score_reached_at, user_id);
ALTER TABLE challenge_participants DROP COLUMN on_board;
ALTER TABLE challenge_participants DROP COLUMN shown_to;
ALTER TABLE challenge_participants DROP COLUMN display_name;
