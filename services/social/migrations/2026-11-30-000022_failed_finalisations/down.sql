ALTER TABLE challenge_participants DROP COLUMN failures, DROP COLUMN retry_at;
ALTER TABLE challenge_finalisations DROP COLUMN failures, DROP COLUMN retry_at;
