CREATE TABLE consultation_sessions (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  professional_id UUID NOT NULL,
  session_date TIMESTAMPTZ NOT NULL,
  duration_minutes INTEGER NOT NULL DEFAULT 30,
  session_type VARCHAR(20) NOT NULL DEFAULT 'video',
  session_status VARCHAR(20) NOT NULL DEFAULT 'scheduled',
  session_notes TEXT,
  user_feedback_rating INTEGER,
  user_feedback_text TEXT,
  session_cost NUMERIC(8,2),
  payment_status VARCHAR(20) NOT NULL DEFAULT 'pending',
  recording_url TEXT,
  follow_up_scheduled BOOLEAN NOT NULL DEFAULT false,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT consultation_sessions_pkey PRIMARY KEY (id),
  -- NO ACTION: a session carries money and is the professional's history too; an erased client stays as a pseudonym.
  CONSTRAINT consultation_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  -- NO ACTION, not the spec's CASCADE: erasing a professional must not delete other people's paid sessions.
  CONSTRAINT consultation_sessions_professional_id_fkey FOREIGN KEY (professional_id)
    REFERENCES health_professionals (id) ON DELETE NO ACTION,
  -- An infinite start would make an empty range, which overlaps nothing.
  CONSTRAINT consultation_sessions_session_date_check CHECK (isfinite(session_date)),
  -- As does a length of zero.
  CONSTRAINT consultation_sessions_duration_minutes_check CHECK (duration_minutes BETWEEN 1 AND 1440),
  CONSTRAINT consultation_sessions_session_type_check CHECK (session_type IN ('video', 'phone', 'chat')),
  CONSTRAINT consultation_sessions_session_status_check
    CHECK (session_status IN ('scheduled', 'completed', 'cancelled', 'no_show')),
  CONSTRAINT consultation_sessions_user_feedback_rating_check CHECK (user_feedback_rating BETWEEN 1 AND 5),
  -- Only what took place can be rated.
  CONSTRAINT consultation_sessions_feedback_check CHECK (
    session_status = 'completed' OR (user_feedback_rating IS NULL AND user_feedback_text IS NULL)
  ),
  -- The upper bound keeps NaN out, as in health_professionals.
  CONSTRAINT consultation_sessions_session_cost_check CHECK (session_cost BETWEEN 0 AND 999999.99),
  CONSTRAINT consultation_sessions_payment_status_check CHECK (payment_status IN ('pending', 'paid', 'refunded')),
  -- In UTC without a zone, since timestamptz + interval is only STABLE (it depends on the session's zone) and an index
  -- takes IMMUTABLE expressions only; UTC has no gaps, so nothing is lost. The ranges are half open: sessions may touch.
  CONSTRAINT consultation_sessions_professional_overlap EXCLUDE USING gist (
    professional_id WITH =,
    tsrange(
      session_date AT TIME ZONE 'UTC',
      (session_date AT TIME ZONE 'UTC') + duration_minutes * INTERVAL '1 minute'
    ) WITH &&
  ) WHERE (session_status = 'scheduled'),
  CONSTRAINT consultation_sessions_user_overlap EXCLUDE USING gist (
    user_id WITH =,
    tsrange(
      session_date AT TIME ZONE 'UTC',
      (session_date AT TIME ZONE 'UTC') + duration_minutes * INTERVAL '1 minute'
    ) WITH &&
  ) WHERE (session_status = 'scheduled')
);

CREATE INDEX idx_consultation_sessions_user_date ON consultation_sessions (user_id, session_date);
CREATE INDEX consultation_sessions_professional_id_session_date_idx
  ON consultation_sessions (professional_id, session_date);
