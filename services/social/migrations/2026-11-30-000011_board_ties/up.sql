-- Those who reached a score at the same time stand in the order of the ids of their seats, which are random: in the order of users' ids a
-- pseudonym's place would say something about its user.
DROP INDEX challenge_participants_board_idx;
CREATE INDEX challenge_participants_board_idx
  ON challenge_participants (challenge_id, final_score DESC, score_reached_at, id) WHERE on_board;
