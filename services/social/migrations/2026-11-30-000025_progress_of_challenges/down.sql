ALTER TABLE challenge_progress DROP COLUMN challenge_id;
