-- The erasure of a user by all services. The user is known until all have answered: then the row names nobody.
CREATE TABLE erasure_requests (
  id UUID NOT NULL,
  -- No reference: a user may ask for the erasure of what other services store, and is no longer in `users` when the last answers.
  user_id UUID,
  requested_by VARCHAR(20) NOT NULL,
  status VARCHAR(20) NOT NULL DEFAULT 'requested',
  requested_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  begins_at TIMESTAMPTZ NOT NULL,
  deadline_at TIMESTAMPTZ NOT NULL,
  -- Rounded to the day, as `erasure_answers.answered_at` is.
  ended_at TIMESTAMPTZ,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT erasure_requests_pkey PRIMARY KEY (id),
  CONSTRAINT erasure_requests_requested_by_check CHECK (requested_by IN ('user', 'operator')),
  CONSTRAINT erasure_requests_status_check CHECK (status IN ('requested', 'running', 'done')),
  CONSTRAINT erasure_requests_user_id_check CHECK ((user_id IS NULL) = (status = 'done')),
  CONSTRAINT erasure_requests_ended_at_check CHECK ((ended_at IS NULL) = (status <> 'done'))
);

-- One at a time for each user.
CREATE UNIQUE INDEX erasure_requests_user_id_key ON erasure_requests (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX erasure_requests_requested_at_idx ON erasure_requests (requested_at, id);
CREATE INDEX erasure_requests_open_idx ON erasure_requests (requested_at, id) WHERE user_id IS NOT NULL;

-- What each service has erased.
CREATE TABLE erasure_answers (
  erasure_id UUID NOT NULL,
  service VARCHAR(20) NOT NULL,
  table_counts JSONB NOT NULL,
  -- Rounded to the day: the exact time would match rows of the service's transaction, such as those of the pseudonym.
  answered_at TIMESTAMPTZ NOT NULL DEFAULT date_trunc('day', now(), 'UTC'),
  CONSTRAINT erasure_answers_pkey PRIMARY KEY (erasure_id, service),
  CONSTRAINT erasure_answers_erasure_id_fkey FOREIGN KEY (erasure_id) REFERENCES erasure_requests (id) ON DELETE CASCADE,
  CONSTRAINT erasure_answers_service_check CHECK (service IN ('consultation', 'family', 'recipe', 'social'))
);
