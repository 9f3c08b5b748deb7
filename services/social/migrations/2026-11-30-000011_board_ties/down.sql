DROP INDEX challenge_participants_board_idx;
CREATE INDEX challenge_participants_board_idx
  ON challenge_participants (challenge_id, final_score DESC, score_reached_at, user_id) WHERE on_board;
