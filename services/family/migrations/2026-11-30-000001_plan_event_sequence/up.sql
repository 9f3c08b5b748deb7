-- IF NOT EXISTS: databases of earlier releases got this column from a migration that also created the outbox.
--
-- The sequence of the plan's last event, incremented under this row's lock.
ALTER TABLE family_plans ADD COLUMN IF NOT EXISTS event_sequence BIGINT NOT NULL DEFAULT 0
  CONSTRAINT family_plans_event_sequence_check CHECK (event_sequence >= 0);
