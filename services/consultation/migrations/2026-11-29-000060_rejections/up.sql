-- Extra: the version that an operator has rejected. It leaves the queue of operators, and the next version, which any change makes, is in it
-- again. What an earlier release has rejected stays in the queue, because nobody knows whether it was changed since.
ALTER TABLE health_professionals ADD COLUMN rejected_version BIGINT;
-- The queue of operators.
DROP INDEX health_professionals_pending_idx;
CREATE INDEX health_professionals_waiting_idx ON health_professionals (created_at, id)
  WHERE verification_status = 'pending' AND rejected_version IS DISTINCT FROM version;
