-- Extra: money that is promised to a service and not paid yet. It stays in the balance, which is the ledger's sum, and cannot be spent.
ALTER TABLE family_plans ADD COLUMN wallet_held NUMERIC(10,2) NOT NULL DEFAULT 0.00;
ALTER TABLE family_plans ADD CONSTRAINT family_plans_wallet_held_check CHECK (wallet_held BETWEEN 0 AND shared_wallet_balance);

-- Extra table: what is held for whom, and what became of it.
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
  -- For ever, as in the ledger.
  CONSTRAINT wallet_holds_family_plan_id_service_reference_key UNIQUE (family_plan_id, service, reference),
  -- NO ACTION, both: as in the ledger.
  CONSTRAINT wallet_holds_family_plan_id_fkey FOREIGN KEY (family_plan_id) REFERENCES family_plans (id) ON DELETE NO ACTION,
  CONSTRAINT wallet_holds_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT wallet_holds_service_check CHECK (btrim(service) <> ''),
  CONSTRAINT wallet_holds_reference_check CHECK (btrim(reference) <> ''),
  CONSTRAINT wallet_holds_reason_check CHECK (btrim(reason) <> ''),
  CONSTRAINT wallet_holds_status_check CHECK (status IN ('held', 'captured', 'released', 'expired')),
  -- The upper bound keeps NaN out, as in family_plans.
  CONSTRAINT wallet_holds_amount_check CHECK (amount BETWEEN 0.01 AND 99999999.99),
  CONSTRAINT wallet_holds_captured_amount_check CHECK (
    CASE status WHEN 'captured' THEN captured_amount BETWEEN 0.01 AND amount ELSE captured_amount = 0 END
  ),
  CONSTRAINT wallet_holds_refunded_amount_check CHECK (refunded_amount BETWEEN 0 AND captured_amount)
);

-- A daily limit sums what one member had held since midnight.
CREATE INDEX wallet_holds_user_id_created_at_idx ON wallet_holds (user_id, created_at);
-- What expires, from the oldest on.
CREATE INDEX wallet_holds_expires_at_idx ON wallet_holds (expires_at) WHERE status = 'held';

-- Which hold a line pays, or pays back.
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
