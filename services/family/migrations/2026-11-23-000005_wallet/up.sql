-- Extra table: a balance alone cannot say who moved what, nor refuse the same payment twice.
CREATE TABLE wallet_entries (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  family_plan_id UUID NOT NULL,
  -- NULL: the platform moved it, not a member.
  user_id UUID,
  service VARCHAR(30) NOT NULL,
  reference VARCHAR(64) NOT NULL,
  kind VARCHAR(20) NOT NULL,
  amount NUMERIC(10,2) NOT NULL,
  -- Repeats the sum up to here, so that a page of the ledger needs no sum and an auditor can recompute it.
  balance NUMERIC(10,2) NOT NULL,
  reason VARCHAR(140),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- The order of the ledger: created_at is when a transaction began, not when its turn came.
  sequence BIGINT NOT NULL,
  CONSTRAINT wallet_entries_pkey PRIMARY KEY (id),
  CONSTRAINT wallet_entries_family_plan_id_sequence_key UNIQUE (family_plan_id, sequence),
  -- For ever: a payment provider may repeat itself after any expiry.
  CONSTRAINT wallet_entries_family_plan_id_service_reference_key UNIQUE (family_plan_id, service, reference),
  -- NO ACTION: money is never deleted with a plan.
  CONSTRAINT wallet_entries_family_plan_id_fkey FOREIGN KEY (family_plan_id)
    REFERENCES family_plans (id) ON DELETE NO ACTION,
  -- NO ACTION: the ledger must still add up after an erasure, which leaves a pseudonym here.
  CONSTRAINT wallet_entries_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT wallet_entries_service_check CHECK (btrim(service) <> ''),
  CONSTRAINT wallet_entries_reference_check CHECK (btrim(reference) <> ''),
  CONSTRAINT wallet_entries_kind_check CHECK (kind IN ('deposit', 'spend')),
  -- The bounds keep NaN out, as in family_plans.
  CONSTRAINT wallet_entries_amount_check CHECK (
    CASE kind WHEN 'deposit' THEN amount BETWEEN 0.01 AND 99999999.99 WHEN 'spend' THEN amount < 0 END
  ),
  CONSTRAINT wallet_entries_balance_check CHECK (balance BETWEEN 0 AND 99999999.99),
  CONSTRAINT wallet_entries_reason_check CHECK (btrim(reason) <> ''),
  CONSTRAINT wallet_entries_sequence_check CHECK (sequence > 0)
);

-- By time too: a daily limit sums what one member spent since midnight.
CREATE INDEX wallet_entries_user_id_created_at_idx ON wallet_entries (user_id, created_at);
