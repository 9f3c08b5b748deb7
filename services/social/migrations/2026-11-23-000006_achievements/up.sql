CREATE TABLE social_achievements (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  achievement_type VARCHAR(50) NOT NULL,
  achievement_name VARCHAR(100) NOT NULL,
  description TEXT,
  -- No foreign key: some of what it names belongs to other slices.
  related_entity_id UUID,
  related_entity_type VARCHAR(30),
  points_awarded INTEGER NOT NULL DEFAULT 0,
  badge_awarded VARCHAR(50),
  special_reward JSONB,
  achieved_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  is_public BOOLEAN NOT NULL DEFAULT true,
  celebration_shown BOOLEAN NOT NULL DEFAULT false,
  CONSTRAINT social_achievements_pkey PRIMARY KEY (id),
  -- An award is given once, also one that is about no entity: hence NULLS NOT DISTINCT. It starts with the columns of
  -- the spec's idx_social_achievements_user_type and makes that superfluous.
  CONSTRAINT social_achievements_award_key
    UNIQUE NULLS NOT DISTINCT (user_id, achievement_type, achievement_name, related_entity_id),
  -- CASCADE: the person's own.
  CONSTRAINT social_achievements_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT social_achievements_achievement_type_check
    CHECK (achievement_type IN ('referral_milestone', 'challenge_winner', 'recipe_featured')),
  CONSTRAINT social_achievements_achievement_name_check CHECK (btrim(achievement_name) <> ''),
  CONSTRAINT social_achievements_related_entity_type_check
    CHECK (related_entity_type IN ('challenge', 'referral', 'recipe')),
  CONSTRAINT social_achievements_points_awarded_check CHECK (points_awarded >= 0)
);

-- The spec alters achievement_milestones without defining it: what is counted, how far, and the spec's three columns.
CREATE TABLE achievement_milestones (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  milestone_type VARCHAR(50) NOT NULL,
  target INTEGER NOT NULL,
  current INTEGER NOT NULL DEFAULT 0,
  -- Kept, not derived from the count: a refund may lower the count, an achievement stays.
  achieved BOOLEAN NOT NULL DEFAULT false,
  achieved_at TIMESTAMPTZ,
  is_social_achievement BOOLEAN NOT NULL DEFAULT false,
  shared_publicly BOOLEAN NOT NULL DEFAULT false,
  social_context JSONB,
  CONSTRAINT achievement_milestones_pkey PRIMARY KEY (id),
  CONSTRAINT achievement_milestones_user_id_milestone_type_target_key UNIQUE (user_id, milestone_type, target),
  -- CASCADE: the person's own.
  CONSTRAINT achievement_milestones_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT achievement_milestones_milestone_type_check CHECK (btrim(milestone_type) <> ''),
  CONSTRAINT achievement_milestones_target_check CHECK (target > 0),
  CONSTRAINT achievement_milestones_current_check CHECK (current >= 0),
  CONSTRAINT achievement_milestones_achieved_at_check CHECK (achieved = (achieved_at IS NOT NULL))
);
