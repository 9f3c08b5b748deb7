DROP VIEW referral_analytics;
DROP TABLE credit_entries;
DROP TABLE redemptions;
DROP TABLE fingerprints;
DROP TABLE order_refunds;
DROP TABLE orders;
DROP TABLE referral_cases;
DROP TABLE referral_code_misses;
DROP TABLE referral_codes;
DROP TABLE referral_groups;
DROP INDEX referrals_expiring_idx;
DROP INDEX referrals_due_idx;
DROP INDEX referrals_signed_up_idx;
DROP INDEX referrals_invited_idx;
ALTER TABLE referrals
  DROP CONSTRAINT referrals_claimed_check,
  DROP CONSTRAINT referrals_withheld_rule_check,
  DROP CONSTRAINT referrals_reversed_at_check,
  DROP CONSTRAINT referrals_credit_due_at_check,
  DROP COLUMN updated_at,
  DROP COLUMN withheld_rule,
  DROP COLUMN reversed_at,
  DROP COLUMN credited_at,
  DROP COLUMN credit_due_at,
  DROP COLUMN expires_at;
ALTER TABLE users
  DROP CONSTRAINT users_referral_credits_redeemed_check,
  DROP COLUMN referral_group_id,
  DROP COLUMN referral_credits_redeemed;
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
