DROP INDEX health_professionals_waiting_idx;
CREATE INDEX health_professionals_pending_idx ON health_professionals (created_at, id) WHERE verification_status = 'pending';
ALTER TABLE health_professionals DROP COLUMN rejected_version;
