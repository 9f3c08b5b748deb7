-- What this service has decided to do at another one. A row is inserted in the transaction that decides, changed by each step, and deleted by
-- the transaction that writes down the last answer.
CREATE TABLE intents (
  id UUID NOT NULL,
  -- Such as 'payment'.
  kind TEXT NOT NULL,
  -- What is to be done next, such as 'capture'.
  step TEXT NOT NULL,
  -- The object that it is about, such as a session.
  subject_id UUID NOT NULL,
  -- Failed attempts at the step.
  attempts INTEGER NOT NULL DEFAULT 0,
  -- The status code and the reason, not the message, which may name people.
  last_failure TEXT,
  -- When to make the next attempt. Whoever makes one puts it off first, so that it is due again if their process ends.
  due_at TIMESTAMPTZ NOT NULL,
  traceparent TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT intents_pkey PRIMARY KEY (id),
  CONSTRAINT intents_kind_check CHECK (btrim(kind) <> ''),
  CONSTRAINT intents_step_check CHECK (btrim(step) <> ''),
  CONSTRAINT intents_attempts_check CHECK (attempts >= 0)
);
CREATE INDEX intents_due_at_idx ON intents (due_at, id);
-- The list of operators.
CREATE INDEX intents_created_at_idx ON intents (created_at, id);
