-- Extra columns: `referral_credits_earned` only grows, and what was redeemed of it is beside it: the CHECK lets nobody
-- redeem more than they have.
ALTER TABLE users
  ADD COLUMN referral_credits_redeemed NUMERIC(10,2) NOT NULL DEFAULT 0.00,
  -- The group of users who hang together by claims; NULL for none. No foreign key: groups are never deleted.
  ADD COLUMN referral_group_id UUID,
  ADD CONSTRAINT users_referral_credits_redeemed_check
    CHECK (referral_credits_redeemed BETWEEN 0 AND referral_credits_earned);

-- Extra table: groups as a forest, in which a group that was merged into another one points to it. The smaller group is
-- merged into the larger one, so a path to the top has at most log2(users) steps, however long the chain of claims is.
CREATE TABLE referral_groups (
  id UUID NOT NULL,
  -- No foreign key: groups are never deleted.
  parent_id UUID,
  -- Users in the group and in those that were merged into it.
  size INTEGER NOT NULL,
  CONSTRAINT referral_groups_pkey PRIMARY KEY (id),
  CONSTRAINT referral_groups_size_check CHECK (size >= 2)
);

ALTER TABLE referrals
  -- Extra: until when an invitation can be claimed, and then until when the first order counts.
  ADD COLUMN expires_at TIMESTAMPTZ,
  -- Extra: when the hold of an earned reward ends, fixed when it is earned, and when it was credited.
  ADD COLUMN credit_due_at TIMESTAMPTZ,
  ADD COLUMN credited_at TIMESTAMPTZ,
  -- Extra: when a full refund took the reward back; `reward_status` is 'expired' then.
  ADD COLUMN reversed_at TIMESTAMPTZ,
  -- Extra: the rule by which the reward waited, or waits, for a moderator.
  ADD COLUMN withheld_rule VARCHAR(20),
  ADD COLUMN updated_at TIMESTAMPTZ NOT NULL DEFAULT now();
UPDATE referrals SET expires_at = invited_at + INTERVAL '2160 hours', updated_at = now();
UPDATE referrals SET credit_due_at = coalesce(first_purchase_at, invited_at), updated_at = now()
WHERE reward_status IN ('earned', 'credited');
ALTER TABLE referrals
  ALTER COLUMN expires_at SET NOT NULL,
  ADD CONSTRAINT referrals_credit_due_at_check
    CHECK (reward_status NOT IN ('earned', 'credited') OR credit_due_at IS NOT NULL),
  ADD CONSTRAINT referrals_reversed_at_check CHECK (reversed_at IS NULL OR reward_status = 'expired'),
  ADD CONSTRAINT referrals_withheld_rule_check CHECK (withheld_rule = 'shared_payment'),
  ADD CONSTRAINT referrals_claimed_check CHECK (first_purchase_at IS NULL OR referee_id IS NOT NULL);
CREATE INDEX referrals_invited_idx ON referrals (referrer_id, invited_at, id);
-- For the limit of accepted claims.
CREATE INDEX referrals_signed_up_idx ON referrals (referrer_id, signed_up_at);
-- For the sweeps.
CREATE INDEX referrals_due_idx ON referrals (credit_due_at, id) WHERE reward_status = 'earned';
CREATE INDEX referrals_expiring_idx ON referrals (expires_at, id)
  WHERE reward_status = 'pending' AND first_purchase_at IS NULL;

-- Extra table: the codes that can be claimed. `referrals` also has codes of claims of standing codes, which nobody can
-- claim.
CREATE TABLE referral_codes (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  code VARCHAR(20) NOT NULL,
  user_id UUID NOT NULL,
  -- The invitation; NULL for the user's standing code.
  referral_id UUID,
  CONSTRAINT referral_codes_pkey PRIMARY KEY (id),
  CONSTRAINT referral_codes_code_key UNIQUE (code),
  CONSTRAINT referral_codes_referral_id_key UNIQUE (referral_id),
  -- CASCADE: the person's own.
  CONSTRAINT referral_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT referral_codes_referral_id_fkey FOREIGN KEY (referral_id) REFERENCES referrals (id) ON DELETE CASCADE,
  CONSTRAINT referral_codes_code_check CHECK (code = upper(code))
);
CREATE INDEX referral_codes_user_id_idx ON referral_codes (user_id);
CREATE UNIQUE INDEX referral_codes_standing_key ON referral_codes (user_id) WHERE referral_id IS NULL;

-- Extra table: claims of codes that do not exist, since the beginning of an hour.
CREATE TABLE referral_code_misses (
  user_id UUID NOT NULL,
  since TIMESTAMPTZ NOT NULL,
  misses INTEGER NOT NULL,
  CONSTRAINT referral_code_misses_pkey PRIMARY KEY (user_id),
  -- CASCADE: the person's own.
  CONSTRAINT referral_code_misses_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- Extra table: refused claims and withheld rewards, for moderators.
CREATE TABLE referral_cases (
  id UUID NOT NULL,
  kind VARCHAR(20) NOT NULL,
  rule VARCHAR(20) NOT NULL,
  claimant_id UUID NOT NULL,
  referrer_id UUID NOT NULL,
  -- The invitation that was claimed, or the referral that is withheld; NULL for a standing code until it is approved.
  referral_id UUID,
  -- Of a claim of a standing code, for the referral that an approval makes of it.
  referral_method VARCHAR(30),
  referral_source VARCHAR(50),
  metadata JSONB,
  created_at TIMESTAMPTZ NOT NULL,
  decision VARCHAR(20),
  note TEXT,
  moderator_id UUID,
  decided_at TIMESTAMPTZ,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT referral_cases_pkey PRIMARY KEY (id),
  -- NO ACTION: an erased person stays as a pseudonym, so that the case can be decided.
  CONSTRAINT referral_cases_claimant_id_fkey FOREIGN KEY (claimant_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT referral_cases_referrer_id_fkey FOREIGN KEY (referrer_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT referral_cases_moderator_id_fkey FOREIGN KEY (moderator_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT referral_cases_referral_id_fkey FOREIGN KEY (referral_id) REFERENCES referrals (id) ON DELETE NO ACTION,
  CONSTRAINT referral_cases_kind_check CHECK (kind IN ('refused_claim', 'withheld_reward')),
  CONSTRAINT referral_cases_rule_check CHECK (
    rule IN ('self', 'already_referred', 'existing_customer', 'cycle', 'shared_device', 'shared_payment', 'velocity')),
  CONSTRAINT referral_cases_decision_check CHECK (decision IN ('approved', 'rejected')),
  CONSTRAINT referral_cases_decided_at_check CHECK ((decision IS NULL) = (decided_at IS NULL))
);
CREATE INDEX referral_cases_claimant_id_idx ON referral_cases (claimant_id);
CREATE INDEX referral_cases_referrer_id_idx ON referral_cases (referrer_id);
CREATE INDEX referral_cases_moderator_id_idx ON referral_cases (moderator_id);
CREATE INDEX referral_cases_referral_id_idx ON referral_cases (referral_id);
-- One open case for each rule that a claimant breaks with one referrer, however often they claim.
CREATE UNIQUE INDEX referral_cases_refused_key ON referral_cases (claimant_id, referrer_id, rule)
  WHERE decision IS NULL AND kind = 'refused_claim';
CREATE INDEX referral_cases_open_idx ON referral_cases (created_at, id) WHERE decision IS NULL;

-- Extra table: orders and their refunds, which may be reported in any order.
CREATE TABLE orders (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  order_id VARCHAR(64) NOT NULL,
  -- NULL as long as only refunds were reported.
  user_id UUID,
  amount NUMERIC(10,2),
  purchased_at TIMESTAMPTZ,
  -- Whether it is the first order of its user that was reported.
  is_first BOOLEAN NOT NULL DEFAULT false,
  refunded_amount NUMERIC(10,2) NOT NULL DEFAULT 0.00,
  -- When the refunds reached the amount, and whether that was too late to take a reward back.
  refunded_at TIMESTAMPTZ,
  was_refunded_late BOOLEAN NOT NULL DEFAULT false,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT orders_pkey PRIMARY KEY (id),
  CONSTRAINT orders_order_id_key UNIQUE (order_id),
  -- NO ACTION: an erased person stays as a pseudonym, who was a customer.
  CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT orders_amount_check CHECK (amount > 0 AND amount <= 99999999.99),
  CONSTRAINT orders_refunded_amount_check CHECK (refunded_amount BETWEEN 0 AND 99999999.99),
  CONSTRAINT orders_purchase_check CHECK (
    (user_id IS NULL) = (amount IS NULL) AND (user_id IS NULL) = (purchased_at IS NULL))
);
CREATE INDEX orders_user_id_idx ON orders (user_id);
CREATE UNIQUE INDEX orders_first_key ON orders (user_id) WHERE is_first;
CREATE INDEX orders_refunded_late_idx ON orders (refunded_at, order_id) WHERE was_refunded_late;
-- For the sweep of what is not a first order.
CREATE INDEX orders_other_idx ON orders (created_at, order_id) WHERE NOT is_first;

CREATE TABLE order_refunds (
  order_id VARCHAR(64) NOT NULL,
  refund_id VARCHAR(64) NOT NULL,
  amount NUMERIC(10,2) NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT order_refunds_pkey PRIMARY KEY (order_id, refund_id),
  CONSTRAINT order_refunds_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (order_id) ON DELETE CASCADE,
  CONSTRAINT order_refunds_amount_check CHECK (amount > 0 AND amount <= 99999999.99)
);

-- Extra table: keyed hashes of devices and means of payment.
CREATE TABLE fingerprints (
  user_id UUID NOT NULL,
  kind VARCHAR(20) NOT NULL,
  fingerprint BYTEA NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT fingerprints_pkey PRIMARY KEY (user_id, kind, fingerprint),
  -- NO ACTION: those of an erased person stay under a pseudonym until their time, or erasing oneself would hide fraud.
  CONSTRAINT fingerprints_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT fingerprints_kind_check CHECK (kind IN ('device', 'payment')),
  CONSTRAINT fingerprints_fingerprint_check CHECK (octet_length(fingerprint) = 32)
);
CREATE INDEX fingerprints_fingerprint_idx ON fingerprints (kind, fingerprint);
CREATE INDEX fingerprints_recorded_at_idx ON fingerprints (recorded_at);

-- Extra table: credits on their way into the wallet of a family plan.
CREATE TABLE redemptions (
  id UUID NOT NULL,
  user_id UUID NOT NULL,
  family_plan_id UUID NOT NULL,
  amount NUMERIC(10,2) NOT NULL,
  status VARCHAR(20) NOT NULL DEFAULT 'pending',
  refusal_reason VARCHAR(50),
  created_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT redemptions_pkey PRIMARY KEY (id),
  -- NO ACTION: money rows stay under a pseudonym.
  CONSTRAINT redemptions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT redemptions_amount_check CHECK (amount > 0 AND amount <= 99999999.99),
  CONSTRAINT redemptions_status_check CHECK (status IN ('pending', 'settled', 'restored')),
  CONSTRAINT redemptions_ended_at_check CHECK ((status = 'pending') = (ended_at IS NULL))
);
CREATE INDEX redemptions_user_id_idx ON redemptions (user_id);

-- Extra table: the ledger of credits.
CREATE TABLE credit_entries (
  id UUID NOT NULL,
  user_id UUID NOT NULL,
  kind VARCHAR(20) NOT NULL,
  amount NUMERIC(10,2) NOT NULL,
  -- Available credits after the entry.
  available NUMERIC(10,2) NOT NULL,
  referral_id UUID,
  redemption_id UUID,
  created_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT credit_entries_pkey PRIMARY KEY (id),
  -- A referral is credited once, and a redemption is taken and given back once.
  CONSTRAINT credit_entries_referral_id_key UNIQUE (referral_id),
  CONSTRAINT credit_entries_redemption_id_key UNIQUE (redemption_id, kind),
  -- NO ACTION: money rows stay under a pseudonym.
  CONSTRAINT credit_entries_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT credit_entries_referral_id_fkey FOREIGN KEY (referral_id) REFERENCES referrals (id) ON DELETE NO ACTION,
  CONSTRAINT credit_entries_redemption_id_fkey FOREIGN KEY (redemption_id) REFERENCES redemptions (id) ON DELETE NO ACTION,
  CONSTRAINT credit_entries_available_check CHECK (available BETWEEN 0 AND 99999999.99),
  CONSTRAINT credit_entries_kind_check CHECK (
    kind = 'referral' AND amount > 0 AND referral_id IS NOT NULL AND redemption_id IS NULL
    OR kind = 'redemption' AND amount < 0 AND referral_id IS NULL AND redemption_id IS NOT NULL
    OR kind = 'restoration' AND amount > 0 AND referral_id IS NULL AND redemption_id IS NOT NULL)
);
CREATE INDEX credit_entries_user_id_idx ON credit_entries (user_id, id);

-- 90 days are hours, because a day has 23 or 25 of them in some time zones of sessions.
DROP VIEW referral_analytics;
CREATE VIEW referral_analytics AS
SELECT
  r.referrer_id,
  count(*) AS total_referrals,
  count(r.signed_up_at) AS successful_signups,
  count(r.first_purchase_at) AS converted_purchases,
  coalesce(sum(r.reward_amount) FILTER (WHERE r.reward_status IN ('earned', 'credited')), 0) AS total_rewards_earned,
  avg(extract(EPOCH FROM r.first_purchase_at - r.signed_up_at) / 86400) AS avg_conversion_days,
  coalesce(sum(r.reward_amount) FILTER (WHERE r.reward_status = 'earned' AND NOT r.is_due), 0) AS earned_rewards,
  coalesce(
    sum(r.reward_amount) FILTER (
      WHERE r.reward_status = 'credited' OR r.reward_status = 'earned' AND r.is_due), 0) AS credited_rewards,
  count(*) FILTER (
    WHERE r.reward_status = 'pending' AND r.first_purchase_at IS NULL AND NOT r.is_over) AS pending_referrals,
  count(*) FILTER (WHERE r.reward_status = 'pending' AND r.first_purchase_at IS NOT NULL) AS withheld_referrals,
  count(*) FILTER (
    WHERE r.reward_status = 'expired' AND r.reversed_at IS NULL
       OR r.reward_status = 'pending' AND r.first_purchase_at IS NULL AND r.is_over) AS expired_referrals,
  count(r.reversed_at) AS reversed_referrals
FROM (
  SELECT *, credit_due_at <= now() AS is_due, expires_at <= now() AS is_over
  FROM referrals
  WHERE invited_at >= now() - INTERVAL '2160 hours'
) r
GROUP BY r.referrer_id;
