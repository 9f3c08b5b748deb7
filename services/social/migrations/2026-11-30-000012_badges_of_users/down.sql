ALTER TABLE social_achievements ALTER COLUMN badge_awarded TYPE VARCHAR(50) USING left(badge_awarded, 50);
