ALTER TABLE family_plans DROP COLUMN event_sequence;
