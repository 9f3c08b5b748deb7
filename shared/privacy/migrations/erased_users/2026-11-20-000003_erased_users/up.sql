-- IF NOT EXISTS: databases of releases before 2026-11-30 got this table from a migration of their slice.
--
-- A tombstone for each erased user. It keeps the slice from adding the user again, by a token that is still valid or because
-- another user names them.
CREATE TABLE IF NOT EXISTS erased_users (
  -- SHA-256 of the id's 16 bytes: an id can be looked up here, but no id can be read from here.
  user_hash BYTEA NOT NULL,
  -- Rounded to the day: the exact time would match other rows of the same transaction, such as those of the pseudonym.
  erased_at TIMESTAMPTZ NOT NULL DEFAULT date_trunc('day', now(), 'UTC'),
  CONSTRAINT erased_users_pkey PRIMARY KEY (user_hash),
  CONSTRAINT erased_users_user_hash_check CHECK (octet_length(user_hash) = 32)
);
