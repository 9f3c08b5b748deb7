-- What the migrations of the release of 2026-11-29 made of the recipe slice's schema, and their entries in diesel's table.
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

-- 2026-11-23-000003_recipes
CREATE TABLE user_recipes (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  recipe_name VARCHAR(100) NOT NULL,
  description TEXT,
  ingredients JSONB NOT NULL,
  instructions TEXT NOT NULL,
  prep_time_minutes INTEGER,
  servings INTEGER NOT NULL DEFAULT 1,
  difficulty_level INTEGER NOT NULL DEFAULT 1,
  nutritional_info JSONB,
  tags TEXT[],
  image_url TEXT,
  is_public BOOLEAN NOT NULL DEFAULT true,
  featured_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT user_recipes_pkey PRIMARY KEY (id),
  CONSTRAINT user_recipes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT user_recipes_recipe_name_check CHECK (btrim(recipe_name) <> ''),
  CONSTRAINT user_recipes_instructions_check CHECK (btrim(instructions) <> ''),
  CONSTRAINT user_recipes_prep_time_minutes_check CHECK (prep_time_minutes BETWEEN 1 AND 10080),
  CONSTRAINT user_recipes_servings_check CHECK (servings BETWEEN 1 AND 1000),
  CONSTRAINT user_recipes_difficulty_level_check CHECK (difficulty_level BETWEEN 1 AND 5),
  CONSTRAINT user_recipes_tags_check CHECK (array_position(tags, NULL) IS NULL)
);

CREATE INDEX idx_user_recipes_public_featured ON user_recipes (is_public, featured_at);
CREATE INDEX user_recipes_user_id_created_at_idx ON user_recipes (user_id, created_at);

CREATE TABLE recipe_reviews (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  recipe_id UUID NOT NULL,
  reviewer_id UUID NOT NULL,
  rating INTEGER NOT NULL,
  review_text TEXT,
  helpful_votes INTEGER NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT recipe_reviews_pkey PRIMARY KEY (id),
  CONSTRAINT recipe_reviews_recipe_id_reviewer_id_key UNIQUE (recipe_id, reviewer_id),
  CONSTRAINT recipe_reviews_recipe_id_fkey FOREIGN KEY (recipe_id) REFERENCES user_recipes (id) ON DELETE CASCADE,
  CONSTRAINT recipe_reviews_reviewer_id_fkey FOREIGN KEY (reviewer_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT recipe_reviews_rating_check CHECK (rating BETWEEN 1 AND 5),
  CONSTRAINT recipe_reviews_helpful_votes_check CHECK (helpful_votes >= 0)
);

CREATE INDEX recipe_reviews_reviewer_id_idx ON recipe_reviews (reviewer_id);
CREATE INDEX recipe_reviews_recipe_id_created_at_idx ON recipe_reviews (recipe_id, created_at DESC, id DESC);
CREATE INDEX recipe_reviews_recipe_id_helpful_votes_idx ON recipe_reviews (recipe_id, helpful_votes DESC, id DESC);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000003');
