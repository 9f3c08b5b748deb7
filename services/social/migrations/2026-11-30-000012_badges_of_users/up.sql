-- Badges that users' challenges give have a prefix, which names the challenge: user:<id>/<badge>.
ALTER TABLE social_achievements ALTER COLUMN badge_awarded TYPE VARCHAR(92);
