-- Extra: the ratings of sessions, of which rating_average is the mean, so that a new one need not read the others.
ALTER TABLE health_professionals ADD COLUMN rating_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE health_professionals ADD COLUMN rating_sum BIGINT NOT NULL DEFAULT 0;
-- Extra: the number of the last event.
ALTER TABLE health_professionals ADD COLUMN event_sequence BIGINT NOT NULL DEFAULT 0;
UPDATE health_professionals p SET
  rating_count = (SELECT count(user_feedback_rating) FROM consultation_sessions s WHERE s.professional_id = p.id),
  rating_sum = (SELECT COALESCE(sum(user_feedback_rating), 0) FROM consultation_sessions s WHERE s.professional_id = p.id),
  total_consultations = (
    SELECT count(*) FROM consultation_sessions s WHERE s.professional_id = p.id AND s.session_status = 'completed'
  );
UPDATE health_professionals SET rating_average = round(rating_sum / rating_count::numeric, 2) WHERE rating_count > 0;
ALTER TABLE health_professionals ADD CONSTRAINT health_professionals_rating_count_check
  CHECK (rating_sum BETWEEN rating_count AND 5 * rating_count::bigint);

-- Extra: what a hold is for. Both are NULL for a session.
ALTER TABLE time_claims ADD COLUMN held_by UUID;
ALTER TABLE time_claims ADD COLUMN held_price NUMERIC(8,2);
-- NO ACTION: the holds of an erased user are deleted before.
ALTER TABLE time_claims ADD CONSTRAINT time_claims_held_by_fkey FOREIGN KEY (held_by) REFERENCES users (id);
ALTER TABLE time_claims ADD CONSTRAINT time_claims_hold_check
  CHECK ((expires_at IS NULL) = (held_by IS NULL) AND (expires_at IS NULL) = (held_price IS NULL));
CREATE INDEX time_claims_held_by_idx ON time_claims (held_by);
-- A client holds one slot of a professional at a time. Expired holds are deleted before the next one is made.
CREATE UNIQUE INDEX time_claims_hold_key ON time_claims (user_id, professional_id) WHERE expires_at IS NOT NULL;
