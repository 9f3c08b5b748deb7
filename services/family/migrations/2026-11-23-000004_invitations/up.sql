-- Extra table: the spec has members but no way for a user to become one by consent.
CREATE TABLE family_invitations (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  family_plan_id UUID NOT NULL,
  invited_by UUID NOT NULL,
  invitee_user_id UUID,
  -- A hash only: whoever reads the table must not be able to join a family.
  token_hash BYTEA,
  role VARCHAR(20) NOT NULL,
  relationship VARCHAR(30),
  status VARCHAR(20) NOT NULL DEFAULT 'pending',
  -- Expiry is read off the clock: a status 'expired' would need a job and be late.
  expires_at TIMESTAMPTZ NOT NULL,
  accepted_by UUID,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT family_invitations_pkey PRIMARY KEY (id),
  CONSTRAINT family_invitations_token_hash_key UNIQUE (token_hash),
  CONSTRAINT family_invitations_family_plan_id_fkey FOREIGN KEY (family_plan_id)
    REFERENCES family_plans (id) ON DELETE CASCADE,
  -- NO ACTION: the invitation is also its guest's; an erased inviter stays as a pseudonym.
  CONSTRAINT family_invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES users (id) ON DELETE NO ACTION,
  -- CASCADE: an invitation by name says something of that person only.
  CONSTRAINT family_invitations_invitee_user_id_fkey FOREIGN KEY (invitee_user_id)
    REFERENCES users (id) ON DELETE CASCADE,
  -- NO ACTION: that an open token was used stays known, under a pseudonym.
  CONSTRAINT family_invitations_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT family_invitations_addressee_check CHECK (num_nonnulls(invitee_user_id, token_hash) = 1),
  -- An open token can be passed on, so it never makes an admin.
  CONSTRAINT family_invitations_open_role_check CHECK (token_hash IS NULL OR role <> 'admin'),
  CONSTRAINT family_invitations_role_check CHECK (role IN ('admin', 'member', 'child', 'guest')),
  CONSTRAINT family_invitations_status_check CHECK (status IN ('pending', 'accepted', 'declined', 'revoked')),
  CONSTRAINT family_invitations_accepted_by_check CHECK ((status = 'accepted') = (accepted_by IS NOT NULL))
);

CREATE UNIQUE INDEX family_invitations_pending_key ON family_invitations (family_plan_id, invitee_user_id)
  WHERE status = 'pending';
CREATE INDEX family_invitations_family_plan_id_created_at_idx ON family_invitations (family_plan_id, created_at);
CREATE INDEX family_invitations_invited_by_idx ON family_invitations (invited_by);
CREATE INDEX family_invitations_invitee_user_id_idx ON family_invitations (invitee_user_id);
CREATE INDEX family_invitations_accepted_by_idx ON family_invitations (accepted_by);
