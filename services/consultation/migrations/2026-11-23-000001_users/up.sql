-- A roll, not a profile: no foreign key leaves the slice, so a user is known here from their first write on.
-- Erasing a person deletes their row. What must outlive them is first re-pointed to a pseudonym: a fresh row here that
-- maps to nobody.
CREATE TABLE users (
  id UUID NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (id)
);
