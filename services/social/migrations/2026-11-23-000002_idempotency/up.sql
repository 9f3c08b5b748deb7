-- Written in the transaction of the effect, so that a retry is answered as the first time and does nothing twice.
CREATE TABLE idempotency_keys (
  -- Bound to caller and method: an id that somebody else guessed must not fetch this answer.
  caller TEXT NOT NULL,
  method TEXT NOT NULL,
  request_id UUID NOT NULL,
  -- Tells a retry from another request under a used id, without keeping the body.
  request_hash BYTEA NOT NULL,
  -- Ids only: an answer kept whole would keep personal data past its erasure.
  result_ids UUID[] NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- NULL: never, as for money and rewards. From then on the key counts as unused, swept or not.
  expires_at TIMESTAMPTZ,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, method, request_id),
  CONSTRAINT idempotency_keys_caller_check CHECK (btrim(caller) <> ''),
  CONSTRAINT idempotency_keys_method_check CHECK (btrim(method) <> ''),
  CONSTRAINT idempotency_keys_result_ids_check CHECK (array_position(result_ids, NULL) IS NULL),
  CONSTRAINT idempotency_keys_expires_at_check CHECK (expires_at > created_at)
);

-- What a sweep reads, from the oldest on.
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at) WHERE expires_at IS NOT NULL;
