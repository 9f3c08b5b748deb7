-- Extra table: users who are children, as the family service says. They stay so without a seat.
CREATE TABLE children (
  user_id UUID NOT NULL,
  CONSTRAINT children_pkey PRIMARY KEY (user_id),
  -- CASCADE: the fact goes with the user.
  CONSTRAINT children_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

WITH known AS (SELECT DISTINCT user_id FROM family_memberships WHERE role = 'child')
INSERT INTO children (user_id) SELECT user_id FROM known;
