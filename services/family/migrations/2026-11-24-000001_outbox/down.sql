ALTER TABLE family_plans DROP COLUMN event_sequence;
DROP TABLE outbox_leases;
DROP TABLE outbox_failures;
DROP TABLE outbox;
