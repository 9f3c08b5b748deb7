-- The spec's columns of auth.users. Erasing a person deletes their row. What must outlive them is first re-pointed to a
-- pseudonym: a fresh row here that maps to nobody.
CREATE TABLE users (
  -- No default: the id is the subject of the user's token.
  id UUID NOT NULL,
  display_name VARCHAR(50),
  privacy_level VARCHAR(20) NOT NULL DEFAULT 'friends_only',
  social_sharing_enabled BOOLEAN NOT NULL DEFAULT true,
  referral_credits_earned NUMERIC(10,2) NOT NULL DEFAULT 0.00,
  -- Extra: a day of progress is the user's local date. An IANA name, which the service checks: the list of zones changes
  -- with the server, so a CHECK on it would not stay true.
  time_zone TEXT NOT NULL DEFAULT 'UTC',
  -- Extra: challenges may ask for an age of the account.
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- Extra: profiles change, and a change is what an etag and an export show.
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_privacy_level_check CHECK (privacy_level IN ('public', 'friends_only', 'private')),
  -- The upper bound of money is there for NaN, which NUMERIC(10,2) admits and sorts above every number.
  CONSTRAINT users_referral_credits_earned_check CHECK (referral_credits_earned BETWEEN 0 AND 99999999.99),
  CONSTRAINT users_time_zone_check CHECK (btrim(time_zone) <> '')
);
