-- Extra: a plan changes hands only by the consent of both, so an offer waits here for its answer.
ALTER TABLE family_plans ADD COLUMN proposed_holder UUID;
-- SET NULL: an offer to nobody is none.
ALTER TABLE family_plans ADD CONSTRAINT family_plans_proposed_holder_fkey FOREIGN KEY (proposed_holder)
  REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE family_plans ADD CONSTRAINT family_plans_proposed_holder_check CHECK (proposed_holder <> primary_account_holder);
CREATE INDEX family_plans_proposed_holder_idx ON family_plans (proposed_holder);
ALTER TABLE family_plans ADD CONSTRAINT family_plans_plan_type_seats_check CHECK (
  max_members <= CASE plan_type WHEN 'standard' THEN 6 WHEN 'premium' THEN 10 ELSE 100 END
);

-- Extra: a ban outlives the seat.
ALTER TABLE family_members ADD COLUMN banned_at TIMESTAMPTZ;
ALTER TABLE family_members ADD CONSTRAINT family_members_banned_at_check CHECK (banned_at IS NULL OR NOT is_active);
-- Extra: who answers for a child that was added, and when they consented to keeping its data.
ALTER TABLE family_members ADD COLUMN guardian_user_id UUID;
ALTER TABLE family_members ADD COLUMN consent_at TIMESTAMPTZ;
-- SET NULL: the child stays, and that there was consent.
ALTER TABLE family_members ADD CONSTRAINT family_members_guardian_user_id_fkey FOREIGN KEY (guardian_user_id)
  REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE family_members ADD CONSTRAINT family_members_guardian_user_id_check CHECK (
  guardian_user_id IS NULL OR consent_at IS NOT NULL
);
CREATE INDEX family_members_guardian_user_id_idx ON family_members (guardian_user_id);
