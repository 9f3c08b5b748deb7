-- Extra table: users who are or were children. Being a child is a fact about the user: it outlives seats and plans, and ends only when an
-- adult releases the child.
CREATE TABLE children (
  user_id UUID NOT NULL,
  -- Names the child in the order of events, which consumers keep: the user's id would outlive an erasure there.
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  -- The adult who answers for the child. NULL for one who accepted a child's seat.
  guardian_user_id UUID,
  -- NULL while the user is a child.
  released_at TIMESTAMPTZ,
  -- Number of the last event of the child.
  event_sequence BIGINT NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT children_pkey PRIMARY KEY (user_id),
  -- CASCADE: the fact goes with the user.
  CONSTRAINT children_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  -- SET NULL: a child stays a child without its guardian.
  CONSTRAINT children_guardian_user_id_fkey FOREIGN KEY (guardian_user_id) REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX children_guardian_user_id_idx ON children (guardian_user_id);

WITH known AS (
  SELECT DISTINCT ON (user_id) user_id, guardian_user_id FROM family_members WHERE role = 'child'
  ORDER BY user_id, guardian_user_id
)
INSERT INTO children (user_id, guardian_user_id) SELECT user_id, guardian_user_id FROM known;
