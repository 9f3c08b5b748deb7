DROP TABLE outbox_leases;
DROP TABLE outbox_failures;
DROP TABLE outbox;
