-- Extra: a declined request stays, because to its sender it looks as if it waited. The one who declined it does not see it any more.
ALTER TABLE friendships ADD COLUMN declined_at TIMESTAMPTZ;
-- Extra: from when on the recipient sees a request that was sent again; NULL for at once.
ALTER TABLE friendships ADD COLUMN shown_from TIMESTAMPTZ;
ALTER TABLE friendships ADD CONSTRAINT friendships_declined_check
  CHECK (status = 'requested' OR num_nonnulls(declined_at, shown_from) = 0);

-- Extra table: how often somebody has declined the requests of somebody else, and when last. The next request waits the longer, the more
-- often that was. It outlives requests, blocks and friendships.
CREATE TABLE friend_request_declines (
  sender_id UUID NOT NULL,
  recipient_id UUID NOT NULL,
  declines INTEGER NOT NULL DEFAULT 1,
  declined_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT friend_request_declines_pkey PRIMARY KEY (sender_id, recipient_id),
  -- CASCADE, twice: without one of them there is nothing between them.
  CONSTRAINT friend_request_declines_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT friend_request_declines_recipient_id_fkey FOREIGN KEY (recipient_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT friend_request_declines_declines_check CHECK (declines >= 1)
);
CREATE INDEX friend_request_declines_recipient_id_idx ON friend_request_declines (recipient_id);

-- Extra table: how many events were told of blocks between two users, of which the events are ordered.
CREATE TABLE block_events (
  first_user_id UUID NOT NULL,
  second_user_id UUID NOT NULL,
  last_sequence BIGINT NOT NULL DEFAULT 1,
  CONSTRAINT block_events_pkey PRIMARY KEY (first_user_id, second_user_id),
  CONSTRAINT block_events_first_user_id_fkey FOREIGN KEY (first_user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT block_events_second_user_id_fkey FOREIGN KEY (second_user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT block_events_order_check CHECK (first_user_id < second_user_id)
);
CREATE INDEX block_events_second_user_id_idx ON block_events (second_user_id);
