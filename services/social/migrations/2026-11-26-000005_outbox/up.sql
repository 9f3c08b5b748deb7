-- What other slices have yet to be told: written in the transaction in which it happened, removed when its consumer was told.
CREATE TABLE outbox (
  -- One row for each consumer: what one was told of, another may still wait for.
  consumer TEXT NOT NULL,
  -- Within an aggregate it grows as the sequence does. Transactions commit in another order than they take it in, so it says what to
  -- try first, and never what was seen last.
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
  -- Ids and codes are short; and as many as are delivered at once must fit into a request.
  CONSTRAINT outbox_payload_check CHECK (octet_length(payload) <= 1024)
);

-- The event that an aggregate's later ones wait behind, because its consumer has refused it.
CREATE TABLE outbox_failures (
  consumer TEXT NOT NULL,
  aggregate_id UUID NOT NULL,
  position BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  -- Either it will be tried again, or it is parked until an operator says so.
  retry_at TIMESTAMPTZ,
  parked_at TIMESTAMPTZ,
  -- Code and reason, none of the words: those may name people.
  refusal TEXT NOT NULL,
  CONSTRAINT outbox_failures_pkey PRIMARY KEY (consumer, aggregate_id),
  CONSTRAINT outbox_failures_consumer_position_key UNIQUE (consumer, position),
  -- CASCADE: once the event is delivered or given up, nothing stands in the way.
  CONSTRAINT outbox_failures_event_fkey FOREIGN KEY (consumer, position) REFERENCES outbox (consumer, position) ON DELETE CASCADE,
  CONSTRAINT outbox_failures_attempts_check CHECK (attempts > 0),
  CONSTRAINT outbox_failures_parked_check CHECK (num_nonnulls(retry_at, parked_at) = 1)
);

-- Who looks after what was left behind. It saves the other replicas the work; nothing depends on there being only one.
CREATE TABLE outbox_leases (
  consumer TEXT NOT NULL,
  holder UUID NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT outbox_leases_pkey PRIMARY KEY (consumer)
);
