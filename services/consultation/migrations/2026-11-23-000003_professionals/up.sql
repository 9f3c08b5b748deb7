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
  -- Who applies twice would be listed and rated twice.
  CONSTRAINT health_professionals_user_id_key UNIQUE (user_id),
  -- SET NULL: other people's sessions name this entry, and an operator may enter one without a user anyhow.
  CONSTRAINT health_professionals_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL,
  CONSTRAINT health_professionals_professional_name_check CHECK (btrim(professional_name) <> ''),
  CONSTRAINT health_professionals_credentials_check CHECK (array_position(credentials, NULL) IS NULL),
  -- Refuses NULL elements too: NULL is contained in nothing.
  CONSTRAINT health_professionals_specializations_check
    CHECK (specializations <@ ARRAY['diabetes', 'heart_health', 'sports_nutrition']),
  CONSTRAINT health_professionals_years_experience_check CHECK (years_experience BETWEEN 0 AND 80),
  -- The upper bound of money is there for NaN, which NUMERIC(8,2) admits and sorts above every number.
  CONSTRAINT health_professionals_consultation_rate_check CHECK (consultation_rate BETWEEN 0 AND 999999.99),
  CONSTRAINT health_professionals_languages_check CHECK (array_position(languages, NULL) IS NULL),
  CONSTRAINT health_professionals_verification_status_check
    CHECK (verification_status IN ('pending', 'verified', 'suspended')),
  CONSTRAINT health_professionals_rating_average_check CHECK (rating_average BETWEEN 0 AND 5),
  CONSTRAINT health_professionals_total_consultations_check CHECK (total_consultations >= 0)
);

CREATE INDEX idx_health_professionals_specialization ON health_professionals USING gin (specializations);
CREATE INDEX health_professionals_languages_idx ON health_professionals USING gin (languages);
