CREATE TABLE family_plans (
  id UUID PRIMARY KEY,
  family_name VARCHAR(100) NOT NULL,
  shared_wallet_balance DECIMAL(10,2) DEFAULT 0.00,
  is_active BOOLEAN DEFAULT true
);
CREATE TABLE family_members (
  id UUID PRIMARY KEY,
  family_plan_id UUID REFERENCES family_plans(id) ON DELETE CASCADE,
  user_id UUID,
  is_active BOOLEAN DEFAULT true,
  UNIQUE (family_plan_id, user_id)
);
CREATE TABLE nutritional_intake (id UUID PRIMARY KEY, user_id UUID, consumption_date DATE, calories_consumed INTEGER);
CREATE INDEX ON nutritional_intake (user_id, consumption_date);
CREATE TABLE challenge_participants (id UUID PRIMARY KEY, challenge_id UUID, user_id UUID, completion_status VARCHAR(20));
CREATE INDEX ON challenge_participants (user_id);
-- The families that pgbench chooses from.
CREATE SCHEMA bench;
CREATE TABLE bench.targets (n BIGINT PRIMARY KEY, plan UUID NOT NULL, viewer UUID NOT NULL);

CREATE VIEW family_dashboard AS
SELECT
  fp.id as family_plan_id,
  fp.family_name,
  COUNT(fm.user_id) as total_members,
  COUNT(CASE WHEN fm.is_active = true THEN 1 END) as active_members,
  AVG(CASE WHEN ni.consumption_date >= CURRENT_DATE - INTERVAL '7 days'
           THEN ni.calories_consumed END) as avg_weekly_calories,
  SUM(fp.shared_wallet_balance) as wallet_balance,
  COUNT(DISTINCT cp.challenge_id) as active_challenges
FROM family_plans fp
LEFT JOIN family_members fm ON fp.id = fm.family_plan_id
LEFT JOIN nutritional_intake ni ON fm.user_id = ni.user_id
LEFT JOIN challenge_participants cp ON fm.user_id = cp.user_id
  AND cp.completion_status = 'active'
WHERE fp.is_active = true
GROUP BY fp.id, fp.family_name, fp.shared_wallet_balance;
