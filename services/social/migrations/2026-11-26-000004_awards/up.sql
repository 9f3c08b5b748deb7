-- The specification's lists lack what its own milestones count, and consultations: challenges that were completed without being won, and
-- the first session.
ALTER TABLE social_achievements DROP CONSTRAINT social_achievements_achievement_type_check;
ALTER TABLE social_achievements ADD CONSTRAINT social_achievements_achievement_type_check CHECK (
  achievement_type IN ('referral_milestone', 'challenge_winner', 'recipe_featured', 'challenge_completed', 'consultation_completed')
);
ALTER TABLE social_achievements DROP CONSTRAINT social_achievements_related_entity_type_check;
ALTER TABLE social_achievements ADD CONSTRAINT social_achievements_related_entity_type_check
  CHECK (related_entity_type IN ('challenge', 'referral', 'recipe', 'session'));
ALTER TABLE social_achievements ADD CONSTRAINT social_achievements_related_entity_check
  CHECK ((related_entity_id IS NULL) = (related_entity_type IS NULL));
-- Extra, twice: who is shown what changes, and a change is what an export shows.
ALTER TABLE social_achievements ADD COLUMN updated_at TIMESTAMPTZ NOT NULL DEFAULT now();
ALTER TABLE achievement_milestones ADD COLUMN updated_at TIMESTAMPTZ NOT NULL DEFAULT now();
-- The order of the list.
CREATE INDEX social_achievements_user_id_achieved_at_idx ON social_achievements (user_id, achieved_at DESC, id DESC);

ALTER TABLE achievement_milestones DROP CONSTRAINT achievement_milestones_milestone_type_check;
ALTER TABLE achievement_milestones ADD CONSTRAINT achievement_milestones_milestone_type_check
  CHECK (milestone_type IN ('conversions', 'challenges_completed', 'recipes_featured'));
-- What is counted is counted once for all targets of a type, whose rows rise together; what was reached was reached by a count.
ALTER TABLE achievement_milestones ADD CONSTRAINT achievement_milestones_achieved_check CHECK (achieved OR current < target);
