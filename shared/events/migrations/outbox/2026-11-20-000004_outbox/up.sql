-- IF NOT EXISTS: databases of releases before 2026-11-30 got these tables from a migration of their slice.
--
-- Events that are not delivered yet. An event is inserted in the transaction that causes it and deleted after delivery.
CREATE TABLE IF NOT EXISTS outbox (
  -- One row for each consumer: an event may be delivered to one and still be pending for another.
  consumer TEXT NOT NULL,
  -- Grows with `sequence` within an aggregate. Transactions do not commit in the order of their positions, so a position says
  -- what to try first; it is never a mark of what has been read.
  position BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  event_id UUID NOT NULL,
  aggregate_id UUID NOT NULL,
  sequence BIGINT NOT NULL,
  -- Full name of the payload's message, such as orchard.social.v1.AchievementAwarded.
  event_type TEXT NOT NULL,
  payload BYTEA NOT NULL,
  traceparent TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT outbox_pkey PRIMARY KEY (consumer, position),
  CONSTRAINT outbox_consumer_aggregate_id_sequence_key UNIQUE (consumer, aggregate_id, sequence),
  CONSTRAINT outbox_consumer_check CHECK (btrim(consumer) <> ''),
  CONSTRAINT outbox_sequence_check CHECK (sequence > 0),
  CONSTRAINT outbox_event_type_check CHECK (btrim(event_type) <> ''),
  -- Events carry ids and codes, which are short. A full batch must fit into one request.
  CONSTRAINT outbox_payload_check CHECK (octet_length(payload) <= 1024)
);

-- The refused event of an aggregate. Later events of the same aggregate wait for it.
CREATE TABLE IF NOT EXISTS outbox_failures (
  consumer TEXT NOT NULL,
  aggregate_id UUID NOT NULL,
  position BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  -- Either the time of the next attempt, or the time at which the event was parked until an operator decides.
  retry_at TIMESTAMPTZ,
  parked_at TIMESTAMPTZ,
  -- The status code and the reason, not the message, which may name people.
  refusal TEXT NOT NULL,
  CONSTRAINT outbox_failures_pkey PRIMARY KEY (consumer, aggregate_id),
  CONSTRAINT outbox_failures_consumer_position_key UNIQUE (consumer, position),
  -- CASCADE: once the event is delivered or discarded, nothing blocks its aggregate.
  CONSTRAINT outbox_failures_event_fkey FOREIGN KEY (consumer, position) REFERENCES outbox (consumer, position) ON DELETE CASCADE,
  CONSTRAINT outbox_failures_attempts_check CHECK (attempts > 0),
  CONSTRAINT outbox_failures_parked_check CHECK (num_nonnulls(retry_at, parked_at) = 1)
);

-- The replica that delivers events which others left behind. It saves work; nothing depends on there being only one.
CREATE TABLE IF NOT EXISTS outbox_leases (
  consumer TEXT NOT NULL,
  holder UUID NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT outbox_leases_pkey PRIMARY KEY (consumer)
);
