-- Extra: an invitation that was declined stays pending to the plan that sent it, and is gone for the invitee.
ALTER TABLE family_invitations ADD COLUMN declined_at TIMESTAMPTZ;
-- Extra: from when on the invitee sees an invitation of somebody whose earlier ones they have declined; NULL for at once.
ALTER TABLE family_invitations ADD COLUMN shown_from TIMESTAMPTZ;
ALTER TABLE family_invitations ADD CONSTRAINT family_invitations_declined_at_check
  CHECK (declined_at IS NULL OR (invitee_user_id IS NOT NULL AND status IN ('pending', 'revoked')));

-- Extra table: how often an invitee has declined invitations of somebody, and when last. The next one waits the longer, the more often that
-- was.
CREATE TABLE invitation_declines (
  inviter_user_id UUID NOT NULL,
  invitee_user_id UUID NOT NULL,
  declines INTEGER NOT NULL DEFAULT 1,
  declined_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT invitation_declines_pkey PRIMARY KEY (inviter_user_id, invitee_user_id),
  -- CASCADE, twice: without one of them there is nothing between them.
  CONSTRAINT invitation_declines_inviter_user_id_fkey FOREIGN KEY (inviter_user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT invitation_declines_invitee_user_id_fkey FOREIGN KEY (invitee_user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT invitation_declines_declines_check CHECK (declines >= 1)
);
CREATE INDEX invitation_declines_invitee_user_id_idx ON invitation_declines (invitee_user_id);

-- Extra table: whom a user has blocked, as the social service tells it. What the blocked send does not reach who blocked them.
CREATE TABLE user_blocks (
  blocker_user_id UUID NOT NULL,
  blocked_user_id UUID NOT NULL,
  CONSTRAINT user_blocks_pkey PRIMARY KEY (blocker_user_id, blocked_user_id),
  -- CASCADE, twice: without one of them there is nothing to block.
  CONSTRAINT user_blocks_blocker_user_id_fkey FOREIGN KEY (blocker_user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT user_blocks_blocked_user_id_fkey FOREIGN KEY (blocked_user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX user_blocks_blocked_user_id_idx ON user_blocks (blocked_user_id);
