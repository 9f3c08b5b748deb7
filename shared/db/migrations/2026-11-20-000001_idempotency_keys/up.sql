-- IF NOT EXISTS: databases of releases before 2026-11-30 got this table from a migration of their slice.
--
-- A key is written in the transaction of its request's effect, so a retry gets the first answer and has no second effect.
CREATE TABLE IF NOT EXISTS idempotency_keys (
  -- A key belongs to one caller and one method: guessing another caller's request_id must not reveal their answer.
  caller TEXT NOT NULL,
  method TEXT NOT NULL,
  request_id UUID NOT NULL,
  -- Distinguishes a retry from another request with the same id, without keeping the body.
  request_hash BYTEA NOT NULL,
  -- Ids only: a stored answer would keep personal data after its erasure.
  result_ids UUID[] NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- NULL means never, as for money and rewards. An expired key counts as unused, whether or not it has been deleted yet.
  expires_at TIMESTAMPTZ,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, method, request_id),
  CONSTRAINT idempotency_keys_caller_check CHECK (btrim(caller) <> ''),
  CONSTRAINT idempotency_keys_method_check CHECK (btrim(method) <> ''),
  CONSTRAINT idempotency_keys_result_ids_check CHECK (array_position(result_ids, NULL) IS NULL),
  CONSTRAINT idempotency_keys_expires_at_check CHECK (expires_at > created_at)
);

-- The sweep deletes expired keys, oldest first.
CREATE INDEX IF NOT EXISTS idempotency_keys_expires_at_idx ON idempotency_keys (expires_at) WHERE expires_at IS NOT NULL;
