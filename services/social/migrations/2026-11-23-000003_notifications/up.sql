-- The spec alters notification_preferences without defining it: the other columns make it real.
CREATE TABLE notification_preferences (
  user_id UUID NOT NULL,
  email_enabled BOOLEAN NOT NULL DEFAULT true,
  push_enabled BOOLEAN NOT NULL DEFAULT true,
  social_notifications JSONB NOT NULL DEFAULT '{"challenges": true, "referrals": true, "family": true}',
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT notification_preferences_pkey PRIMARY KEY (user_id),
  -- CASCADE: the person's own.
  CONSTRAINT notification_preferences_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
