-- IF NOT EXISTS: databases of releases before 2026-11-30 got this table from a migration of their slice.
--
-- The roll: the users that this slice refers to. No foreign key crosses slices, so a slice adds a user on their first write.
-- Erasing a user deletes their row. Rows that must outlive the user are first re-pointed to a pseudonym: a new row here that
-- belongs to no person.
CREATE TABLE IF NOT EXISTS users (
  id UUID NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (id)
);
