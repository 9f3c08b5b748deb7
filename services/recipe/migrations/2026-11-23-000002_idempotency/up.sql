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
  -- Keys that move no money may expire by it.
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, method, request_id),
  CONSTRAINT idempotency_keys_caller_check CHECK (btrim(caller) <> ''),
  CONSTRAINT idempotency_keys_method_check CHECK (btrim(method) <> ''),
  CONSTRAINT idempotency_keys_result_ids_check CHECK (array_position(result_ids, NULL) IS NULL)
);
