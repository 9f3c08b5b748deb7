ALTER TABLE achievement_milestones DROP CONSTRAINT achievement_milestones_achieved_check;
ALTER TABLE achievement_milestones DROP CONSTRAINT achievement_milestones_milestone_type_check;
ALTER TABLE achievement_milestones ADD CONSTRAINT achievement_milestones_milestone_type_check CHECK (btrim(milestone_type) <> '');
DROP INDEX social_achievements_user_id_achieved_at_idx;
ALTER TABLE achievement_milestones DROP COLUMN updated_at;
ALTER TABLE social_achievements DROP COLUMN updated_at;
ALTER TABLE social_achievements DROP CONSTRAINT social_achievements_related_entity_check;
DELETE FROM social_achievements WHERE achievement_type IN ('challenge_completed', 'consultation_completed') OR related_entity_type = 'session';
ALTER TABLE social_achievements DROP CONSTRAINT social_achievements_related_entity_type_check;
ALTER TABLE social_achievements ADD CONSTRAINT social_achievements_related_entity_type_check
  CHECK (related_entity_type IN ('challenge', 'referral', 'recipe'));
ALTER TABLE social_achievements DROP CONSTRAINT social_achievements_achievement_type_check;
ALTER TABLE social_achievements ADD CONSTRAINT social_achievements_achievement_type_check
  CHECK (achievement_type IN ('referral_milestone', 'challenge_winner', 'recipe_featured'));
