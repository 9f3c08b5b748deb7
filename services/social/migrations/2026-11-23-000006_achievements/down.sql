DROP TABLE achievement_milestones;
DROP TABLE social_achievements;
