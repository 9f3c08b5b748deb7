-- What the migrations of the release of 2026-11-29 made of the family slice's schema, and their entries in diesel's table.
-- Test data, generated from that release. Do not edit it.

CREATE TABLE __diesel_schema_migrations (
  version VARCHAR(50) PRIMARY KEY NOT NULL,
  run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- 2026-11-23-000001_users
CREATE TABLE users (
  id UUID NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (id)
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000001');

-- 2026-11-23-000002_idempotency
CREATE TABLE idempotency_keys (
  caller TEXT NOT NULL,
  method TEXT NOT NULL,
  request_id UUID NOT NULL,
  request_hash BYTEA NOT NULL,
  result_ids UUID[] NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  expires_at TIMESTAMPTZ,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, method, request_id),
  CONSTRAINT idempotency_keys_caller_check CHECK (btrim(caller) <> ''),
  CONSTRAINT idempotency_keys_method_check CHECK (btrim(method) <> ''),
  CONSTRAINT idempotency_keys_result_ids_check CHECK (array_position(result_ids, NULL) IS NULL),
  CONSTRAINT idempotency_keys_expires_at_check CHECK (expires_at > created_at)
);

CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at) WHERE expires_at IS NOT NULL;
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000002');

-- 2026-11-23-000003_plans
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
  time_zone TEXT NOT NULL DEFAULT 'UTC',
  active_members INTEGER NOT NULL DEFAULT 0,
  wallet_sequence BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT family_plans_pkey PRIMARY KEY (id),
  CONSTRAINT family_plans_primary_account_holder_fkey FOREIGN KEY (primary_account_holder)
    REFERENCES users (id) ON DELETE SET NULL,
  CONSTRAINT family_plans_billing_account_fkey FOREIGN KEY (billing_account) REFERENCES users (id) ON DELETE SET NULL,
  CONSTRAINT family_plans_active_holder_check CHECK (NOT is_active OR primary_account_holder IS NOT NULL),
  CONSTRAINT family_plans_family_name_check CHECK (btrim(family_name) <> ''),
  CONSTRAINT family_plans_max_members_check CHECK (max_members BETWEEN 1 AND 100),
  CONSTRAINT family_plans_plan_type_check CHECK (plan_type IN ('standard', 'premium', 'custom')),
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
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT family_members_pkey PRIMARY KEY (id),
  CONSTRAINT family_members_family_plan_id_user_id_key UNIQUE (family_plan_id, user_id),
  CONSTRAINT family_members_family_plan_id_fkey FOREIGN KEY (family_plan_id)
    REFERENCES family_plans (id) ON DELETE CASCADE,
  CONSTRAINT family_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT family_members_role_check CHECK (role IN ('admin', 'member', 'child', 'guest'))
);

CREATE INDEX family_members_user_id_idx ON family_members (user_id);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000003');

-- 2026-11-23-000004_invitations
CREATE TABLE family_invitations (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  family_plan_id UUID NOT NULL,
  invited_by UUID NOT NULL,
  invitee_user_id UUID,
  token_hash BYTEA,
  role VARCHAR(20) NOT NULL,
  relationship VARCHAR(30),
  status VARCHAR(20) NOT NULL DEFAULT 'pending',
  expires_at TIMESTAMPTZ NOT NULL,
  accepted_by UUID,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT family_invitations_pkey PRIMARY KEY (id),
  CONSTRAINT family_invitations_token_hash_key UNIQUE (token_hash),
  CONSTRAINT family_invitations_family_plan_id_fkey FOREIGN KEY (family_plan_id)
    REFERENCES family_plans (id) ON DELETE CASCADE,
  CONSTRAINT family_invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT family_invitations_invitee_user_id_fkey FOREIGN KEY (invitee_user_id)
    REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT family_invitations_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT family_invitations_addressee_check CHECK (num_nonnulls(invitee_user_id, token_hash) = 1),
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
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000004');

-- 2026-11-23-000005_wallet
CREATE TABLE wallet_entries (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  family_plan_id UUID NOT NULL,
  user_id UUID,
  service VARCHAR(30) NOT NULL,
  reference VARCHAR(64) NOT NULL,
  kind VARCHAR(20) NOT NULL,
  amount NUMERIC(10,2) NOT NULL,
  balance NUMERIC(10,2) NOT NULL,
  reason VARCHAR(140),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  sequence BIGINT NOT NULL,
  CONSTRAINT wallet_entries_pkey PRIMARY KEY (id),
  CONSTRAINT wallet_entries_family_plan_id_sequence_key UNIQUE (family_plan_id, sequence),
  CONSTRAINT wallet_entries_family_plan_id_service_reference_key UNIQUE (family_plan_id, service, reference),
  CONSTRAINT wallet_entries_family_plan_id_fkey FOREIGN KEY (family_plan_id)
    REFERENCES family_plans (id) ON DELETE NO ACTION,
  CONSTRAINT wallet_entries_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT wallet_entries_service_check CHECK (btrim(service) <> ''),
  CONSTRAINT wallet_entries_reference_check CHECK (btrim(reference) <> ''),
  CONSTRAINT wallet_entries_kind_check CHECK (kind IN ('deposit', 'spend')),
  CONSTRAINT wallet_entries_amount_check CHECK (
    CASE kind WHEN 'deposit' THEN amount BETWEEN 0.01 AND 99999999.99 WHEN 'spend' THEN amount < 0 END
  ),
  CONSTRAINT wallet_entries_balance_check CHECK (balance BETWEEN 0 AND 99999999.99),
  CONSTRAINT wallet_entries_reason_check CHECK (btrim(reason) <> ''),
  CONSTRAINT wallet_entries_sequence_check CHECK (sequence > 0)
);

CREATE INDEX wallet_entries_user_id_created_at_idx ON wallet_entries (user_id, created_at);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000005');

-- 2026-11-23-000006_nutrition
CREATE TABLE nutritional_intake (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  consumption_date DATE NOT NULL,
  calories_consumed INTEGER NOT NULL,
  meal VARCHAR(20) NOT NULL,
  source VARCHAR(20) NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT nutritional_intake_pkey PRIMARY KEY (id),
  CONSTRAINT nutritional_intake_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT nutritional_intake_calories_consumed_check CHECK (calories_consumed BETWEEN 0 AND 20000),
  CONSTRAINT nutritional_intake_meal_check CHECK (meal IN ('breakfast', 'lunch', 'dinner', 'snack')),
  CONSTRAINT nutritional_intake_source_check CHECK (source IN ('manual', 'device', 'recipe'))
);

CREATE INDEX nutritional_intake_user_id_consumption_date_idx ON nutritional_intake (user_id, consumption_date);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261123000006');

-- 2026-11-24-000001_outbox
CREATE TABLE outbox (
  consumer TEXT NOT NULL,
  position BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  event_id UUID NOT NULL,
  aggregate_id UUID NOT NULL,
  sequence BIGINT NOT NULL,
  event_type TEXT NOT NULL,
  payload BYTEA NOT NULL,
  traceparent TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT outbox_pkey PRIMARY KEY (consumer, position),
  CONSTRAINT outbox_consumer_aggregate_id_sequence_key UNIQUE (consumer, aggregate_id, sequence),
  CONSTRAINT outbox_consumer_check CHECK (btrim(consumer) <> ''),
  CONSTRAINT outbox_sequence_check CHECK (sequence > 0),
  CONSTRAINT outbox_event_type_check CHECK (btrim(event_type) <> ''),
  CONSTRAINT outbox_payload_check CHECK (octet_length(payload) <= 1024)
);

CREATE TABLE outbox_failures (
  consumer TEXT NOT NULL,
  aggregate_id UUID NOT NULL,
  position BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  retry_at TIMESTAMPTZ,
  parked_at TIMESTAMPTZ,
  refusal TEXT NOT NULL,
  CONSTRAINT outbox_failures_pkey PRIMARY KEY (consumer, aggregate_id),
  CONSTRAINT outbox_failures_consumer_position_key UNIQUE (consumer, position),
  CONSTRAINT outbox_failures_event_fkey FOREIGN KEY (consumer, position) REFERENCES outbox (consumer, position) ON DELETE CASCADE,
  CONSTRAINT outbox_failures_attempts_check CHECK (attempts > 0),
  CONSTRAINT outbox_failures_parked_check CHECK (num_nonnulls(retry_at, parked_at) = 1)
);

CREATE TABLE outbox_leases (
  consumer TEXT NOT NULL,
  holder UUID NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT outbox_leases_pkey PRIMARY KEY (consumer)
);

ALTER TABLE family_plans ADD COLUMN event_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE family_plans ADD CONSTRAINT family_plans_event_sequence_check CHECK (event_sequence >= 0);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261124000001');

-- 2026-11-25-000002_seats
ALTER TABLE family_plans ADD COLUMN proposed_holder UUID;
ALTER TABLE family_plans ADD CONSTRAINT family_plans_proposed_holder_fkey FOREIGN KEY (proposed_holder)
  REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE family_plans ADD CONSTRAINT family_plans_proposed_holder_check CHECK (proposed_holder <> primary_account_holder);
CREATE INDEX family_plans_proposed_holder_idx ON family_plans (proposed_holder);
ALTER TABLE family_plans ADD CONSTRAINT family_plans_plan_type_seats_check CHECK (
  max_members <= CASE plan_type WHEN 'standard' THEN 6 WHEN 'premium' THEN 10 ELSE 100 END
);

ALTER TABLE family_members ADD COLUMN banned_at TIMESTAMPTZ;
ALTER TABLE family_members ADD CONSTRAINT family_members_banned_at_check CHECK (banned_at IS NULL OR NOT is_active);
ALTER TABLE family_members ADD COLUMN guardian_user_id UUID;
ALTER TABLE family_members ADD COLUMN consent_at TIMESTAMPTZ;
ALTER TABLE family_members ADD CONSTRAINT family_members_guardian_user_id_fkey FOREIGN KEY (guardian_user_id)
  REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE family_members ADD CONSTRAINT family_members_guardian_user_id_check CHECK (
  guardian_user_id IS NULL OR consent_at IS NOT NULL
);
CREATE INDEX family_members_guardian_user_id_idx ON family_members (guardian_user_id);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261125000002');

-- 2026-11-25-000003_erasure
CREATE TABLE erased_users (
  user_hash BYTEA NOT NULL,
  erased_at TIMESTAMPTZ NOT NULL DEFAULT date_trunc('day', now(), 'UTC'),
  CONSTRAINT erased_users_pkey PRIMARY KEY (user_hash),
  CONSTRAINT erased_users_user_hash_check CHECK (octet_length(user_hash) = 32)
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261125000003');

-- 2026-11-25-000004_holds
ALTER TABLE family_plans ADD COLUMN wallet_held NUMERIC(10,2) NOT NULL DEFAULT 0.00;
ALTER TABLE family_plans ADD CONSTRAINT family_plans_wallet_held_check CHECK (wallet_held BETWEEN 0 AND shared_wallet_balance);

CREATE TABLE wallet_holds (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  family_plan_id UUID NOT NULL,
  user_id UUID NOT NULL,
  service VARCHAR(30) NOT NULL,
  reference VARCHAR(64) NOT NULL,
  amount NUMERIC(10,2) NOT NULL,
  captured_amount NUMERIC(10,2) NOT NULL DEFAULT 0.00,
  refunded_amount NUMERIC(10,2) NOT NULL DEFAULT 0.00,
  reason VARCHAR(140),
  status VARCHAR(20) NOT NULL DEFAULT 'held',
  expires_at TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT wallet_holds_pkey PRIMARY KEY (id),
  CONSTRAINT wallet_holds_family_plan_id_service_reference_key UNIQUE (family_plan_id, service, reference),
  CONSTRAINT wallet_holds_family_plan_id_fkey FOREIGN KEY (family_plan_id) REFERENCES family_plans (id) ON DELETE NO ACTION,
  CONSTRAINT wallet_holds_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT wallet_holds_service_check CHECK (btrim(service) <> ''),
  CONSTRAINT wallet_holds_reference_check CHECK (btrim(reference) <> ''),
  CONSTRAINT wallet_holds_reason_check CHECK (btrim(reason) <> ''),
  CONSTRAINT wallet_holds_status_check CHECK (status IN ('held', 'captured', 'released', 'expired')),
  CONSTRAINT wallet_holds_amount_check CHECK (amount BETWEEN 0.01 AND 99999999.99),
  CONSTRAINT wallet_holds_captured_amount_check CHECK (
    CASE status WHEN 'captured' THEN captured_amount BETWEEN 0.01 AND amount ELSE captured_amount = 0 END
  ),
  CONSTRAINT wallet_holds_refunded_amount_check CHECK (refunded_amount BETWEEN 0 AND captured_amount)
);

CREATE INDEX wallet_holds_user_id_created_at_idx ON wallet_holds (user_id, created_at);
CREATE INDEX wallet_holds_expires_at_idx ON wallet_holds (expires_at) WHERE status = 'held';

ALTER TABLE wallet_entries ADD COLUMN hold_id UUID;
ALTER TABLE wallet_entries ADD CONSTRAINT wallet_entries_hold_id_fkey FOREIGN KEY (hold_id)
  REFERENCES wallet_holds (id) ON DELETE NO ACTION;
CREATE INDEX wallet_entries_hold_id_idx ON wallet_entries (hold_id);
ALTER TABLE wallet_entries DROP CONSTRAINT wallet_entries_kind_check;
ALTER TABLE wallet_entries ADD CONSTRAINT wallet_entries_kind_check CHECK (kind IN ('deposit', 'spend', 'capture', 'refund'));
ALTER TABLE wallet_entries DROP CONSTRAINT wallet_entries_amount_check;
ALTER TABLE wallet_entries ADD CONSTRAINT wallet_entries_amount_check CHECK (
  CASE WHEN kind IN ('deposit', 'refund') THEN amount BETWEEN 0.01 AND 99999999.99
       WHEN kind IN ('spend', 'capture') THEN amount < 0 END
);
ALTER TABLE wallet_entries ADD CONSTRAINT wallet_entries_hold_id_check CHECK (
  (kind IN ('capture', 'refund')) = (hold_id IS NOT NULL)
);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20261125000004');
