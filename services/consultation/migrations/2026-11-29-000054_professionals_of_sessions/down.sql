ALTER TABLE time_claims DROP COLUMN held_price, DROP COLUMN held_by;
ALTER TABLE health_professionals DROP COLUMN event_sequence, DROP COLUMN rating_sum, DROP COLUMN rating_count;
