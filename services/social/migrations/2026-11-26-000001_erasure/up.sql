-- Extra table: whoever was erased stays so, whatever token they still have and whoever names them.
CREATE TABLE erased_users (
  -- SHA-256 of the id's 16 bytes: of somebody who asks it says whether they were erased, and of nobody else who they were.
  user_hash BYTEA NOT NULL,
  -- To the day: to the instant it would lead to what else the transaction wrote, such as a pseudonym's challenges.
  erased_at TIMESTAMPTZ NOT NULL DEFAULT date_trunc('day', now(), 'UTC'),
  CONSTRAINT erased_users_pkey PRIMARY KEY (user_hash),
  CONSTRAINT erased_users_user_hash_check CHECK (octet_length(user_hash) = 32)
);
