DROP VIEW referral_analytics;
DROP TABLE referrals;
