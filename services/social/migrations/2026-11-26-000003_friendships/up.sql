-- Extra table: what two users are to each other. One row for a pair, so that requests that cross are one, and no friendship outlives a
-- block. Members of one family are not here for that: they count as friends by family_memberships.
CREATE TABLE friendships (
  first_user_id UUID NOT NULL,
  second_user_id UUID NOT NULL,
  status VARCHAR(20) NOT NULL,
  requested_by UUID,
  requested_at TIMESTAMPTZ,
  accepted_at TIMESTAMPTZ,
  -- Since when the first has blocked the second, and the other way round.
  blocked_by_first_at TIMESTAMPTZ,
  blocked_by_second_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT friendships_pkey PRIMARY KEY (first_user_id, second_user_id),
  -- CASCADE, twice: without one of them there is nothing between them.
  CONSTRAINT friendships_first_user_id_fkey FOREIGN KEY (first_user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT friendships_second_user_id_fkey FOREIGN KEY (second_user_id) REFERENCES users (id) ON DELETE CASCADE,
  -- A pair has one order, and nobody is their own friend.
  CONSTRAINT friendships_order_check CHECK (first_user_id < second_user_id),
  CONSTRAINT friendships_status_check CHECK (status IN ('none', 'requested', 'accepted')),
  CONSTRAINT friendships_requested_check CHECK (num_nonnulls(requested_by, requested_at) = CASE status WHEN 'requested' THEN 2 ELSE 0 END),
  CONSTRAINT friendships_requested_by_check CHECK (requested_by IN (first_user_id, second_user_id)),
  CONSTRAINT friendships_accepted_at_check CHECK ((status = 'accepted') = (accepted_at IS NOT NULL)),
  -- Friends or strangers who are blocked: none, and no row that says nothing.
  CONSTRAINT friendships_blocked_check CHECK ((status = 'none') = (num_nonnulls(blocked_by_first_at, blocked_by_second_at) > 0))
);

-- The other way round, with both: whichever of the two finds a pair, it finds no other, however many friends somebody has.
CREATE INDEX friendships_second_user_id_first_user_id_idx ON friendships (second_user_id, first_user_id);
