ALTER TABLE family_members DROP COLUMN guardian_user_id;
ALTER TABLE family_members DROP COLUMN consent_at;
ALTER TABLE family_members DROP COLUMN banned_at;
ALTER TABLE family_plans DROP CONSTRAINT family_plans_plan_type_seats_check;
ALTER TABLE family_plans DROP COLUMN proposed_holder;
