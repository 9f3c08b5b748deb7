-- Extra table: the time that sessions and held slots take, in one place, so that one constraint is the last word about it. What is cancelled
-- has no row, and an expired hold has one until the next writer of the same time deletes it.
CREATE TABLE time_claims (
  -- The id of the session or of the hold.
  id UUID NOT NULL,
  professional_id UUID NOT NULL,
  -- The client.
  user_id UUID NOT NULL,
  starts_at TIMESTAMPTZ NOT NULL,
  ends_at TIMESTAMPTZ NOT NULL,
  -- The buffers that were the professional's when the claim was made.
  buffer_before_minutes INTEGER NOT NULL DEFAULT 0,
  buffer_after_minutes INTEGER NOT NULL DEFAULT 0,
  -- The same time with the buffers.
  taken_from TIMESTAMPTZ NOT NULL,
  taken_to TIMESTAMPTZ NOT NULL,
  -- When a hold ends; NULL for a session.
  expires_at TIMESTAMPTZ,
  CONSTRAINT time_claims_pkey PRIMARY KEY (id),
  CONSTRAINT time_claims_professional_id_fkey FOREIGN KEY (professional_id) REFERENCES health_professionals (id),
  -- NO ACTION: an erased client's sessions stay under a pseudonym, and so does the time that they took.
  CONSTRAINT time_claims_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
  -- An infinite or empty range would overlap nothing, or everything.
  CONSTRAINT time_claims_range_check CHECK (
    isfinite(taken_from) AND isfinite(taken_to) AND taken_from <= starts_at AND starts_at < ends_at AND ends_at <= taken_to
  ),
  CONSTRAINT time_claims_buffers_check CHECK (
    least(buffer_before_minutes, buffer_after_minutes) >= 0
    AND taken_from = starts_at - buffer_before_minutes * INTERVAL '1 minute'
    AND taken_to = ends_at + buffer_after_minutes * INTERVAL '1 minute'
  ),
  -- The ranges are half open: sessions may touch. Buffers of neighbours add up.
  CONSTRAINT time_claims_professional_overlap EXCLUDE USING gist (
    professional_id WITH =, tstzrange(taken_from, taken_to) WITH &&
  ),
  -- A client needs no buffers.
  CONSTRAINT time_claims_user_overlap EXCLUDE USING gist (user_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
);
CREATE INDEX time_claims_professional_id_starts_at_idx ON time_claims (professional_id, starts_at);
CREATE INDEX time_claims_user_id_starts_at_idx ON time_claims (user_id, starts_at);

-- Those that are scheduled exclude each other already. What is over may overlap, and its time is past.
WITH scheduled AS (
  SELECT id, professional_id, user_id, session_date, session_date + duration_minutes * INTERVAL '1 minute' AS ends_at
  FROM consultation_sessions WHERE session_status = 'scheduled'
)
INSERT INTO time_claims (id, professional_id, user_id, starts_at, ends_at, taken_from, taken_to)
SELECT id, professional_id, user_id, session_date, ends_at, session_date, ends_at FROM scheduled;
