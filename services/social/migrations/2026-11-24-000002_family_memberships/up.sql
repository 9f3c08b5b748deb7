-- Extra table: who is in which family, as the family slice's events tell. Members of one plan, guests aside, count as friends.
CREATE TABLE family_memberships (
  family_plan_id UUID NOT NULL,
  user_id UUID NOT NULL,
  role VARCHAR(20) NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT family_memberships_pkey PRIMARY KEY (family_plan_id, user_id),
  -- CASCADE: it says something of that person only.
  CONSTRAINT family_memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT family_memberships_role_check CHECK (role IN ('admin', 'member', 'child', 'guest'))
);

CREATE INDEX family_memberships_user_id_idx ON family_memberships (user_id);
