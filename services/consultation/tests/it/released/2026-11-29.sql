-- What the migrations of the release of 2026-11-29 made of the consultation slice's schema, and their entries in diesel's table.
-- Test data, generated from that release. Do not edit it.

CREATE TABLE __diesel_schema_migrations (
  version VARCHAR(50) PRIMARY KEY NOT NULL,
  run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- 2026-11-23-000001_users
CREATE TABLE users (
  id UUID NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (id)
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000001');

-- 2026-11-23-000002_idempotency
CREATE TABLE idempotency_keys (
  caller TEXT NOT NULL,
  method TEXT NOT NULL,
  request_id UUID NOT NULL,
  request_hash BYTEA NOT NULL,
  result_ids UUID[] NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  expires_at TIMESTAMPTZ,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, method, request_id),
  CONSTRAINT idempotency_keys_caller_check CHECK (btrim(caller) <> ''),
  CONSTRAINT idempotency_keys_method_check CHECK (btrim(method) <> ''),
  CONSTRAINT idempotency_keys_result_ids_check CHECK (array_position(result_ids, NULL) IS NULL),
  CONSTRAINT idempotency_keys_expires_at_check CHECK (expires_at > created_at)
);

CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at) WHERE expires_at IS NOT NULL;
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000002');

-- 2026-11-23-000003_professionals
CREATE TABLE health_professionals (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID,
  professional_name VARCHAR(100) NOT NULL,
  credentials TEXT[],
  specializations TEXT[],
  bio TEXT,
  years_experience INTEGER,
  consultation_rate NUMERIC(8,2),
  available_time_slots JSONB,
  languages TEXT[] NOT NULL DEFAULT ARRAY['English'],
  profile_image_url TEXT,
  verification_status VARCHAR(20) NOT NULL DEFAULT 'pending',
  verification_documents JSONB,
  rating_average NUMERIC(3,2) NOT NULL DEFAULT 0.00,
  total_consultations INTEGER NOT NULL DEFAULT 0,
  is_available BOOLEAN NOT NULL DEFAULT true,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT health_professionals_pkey PRIMARY KEY (id),
  CONSTRAINT health_professionals_user_id_key UNIQUE (user_id),
  CONSTRAINT health_professionals_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL,
  CONSTRAINT health_professionals_professional_name_check CHECK (btrim(professional_name) <> ''),
  CONSTRAINT health_professionals_credentials_check CHECK (array_position(credentials, NULL) IS NULL),
  CONSTRAINT health_professionals_specializations_check
    CHECK (specializations <@ ARRAY['diabetes', 'heart_health', 'sports_nutrition']),
  CONSTRAINT health_professionals_years_experience_check CHECK (years_experience BETWEEN 0 AND 80),
  CONSTRAINT health_professionals_consultation_rate_check CHECK (consultation_rate BETWEEN 0 AND 999999.99),
  CONSTRAINT health_professionals_languages_check CHECK (array_position(languages, NULL) IS NULL),
  CONSTRAINT health_professionals_verification_status_check
    CHECK (verification_status IN ('pending', 'verified', 'suspended')),
  CONSTRAINT health_professionals_rating_average_check CHECK (rating_average BETWEEN 0 AND 5),
  CONSTRAINT health_professionals_total_consultations_check CHECK (total_consultations >= 0)
);

CREATE INDEX idx_health_professionals_specialization ON health_professionals USING gin (specializations);
CREATE INDEX health_professionals_languages_idx ON health_professionals USING gin (languages);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000003');

-- 2026-11-23-000004_sessions
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
  CONSTRAINT consultation_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT consultation_sessions_professional_id_fkey FOREIGN KEY (professional_id)
    REFERENCES health_professionals (id) ON DELETE NO ACTION,
  CONSTRAINT consultation_sessions_session_date_check CHECK (isfinite(session_date)),
  CONSTRAINT consultation_sessions_duration_minutes_check CHECK (duration_minutes BETWEEN 1 AND 1440),
  CONSTRAINT consultation_sessions_session_type_check CHECK (session_type IN ('video', 'phone', 'chat')),
  CONSTRAINT consultation_sessions_session_status_check
    CHECK (session_status IN ('scheduled', 'completed', 'cancelled', 'no_show')),
  CONSTRAINT consultation_sessions_user_feedback_rating_check CHECK (user_feedback_rating BETWEEN 1 AND 5),
  CONSTRAINT consultation_sessions_feedback_check CHECK (
    session_status = 'completed' OR (user_feedback_rating IS NULL AND user_feedback_text IS NULL)
  ),
  CONSTRAINT consultation_sessions_session_cost_check CHECK (session_cost BETWEEN 0 AND 999999.99),
  CONSTRAINT consultation_sessions_payment_status_check CHECK (payment_status IN ('pending', 'paid', 'refunded')),
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
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000004');
