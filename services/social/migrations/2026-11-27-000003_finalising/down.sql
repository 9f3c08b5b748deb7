DROP TABLE challenge_finalisations;
DROP INDEX challenge_participants_results_idx;
DROP INDEX challenge_participants_ends_at_idx;
ALTER TABLE challenge_participants DROP COLUMN ends_at;
DROP INDEX community_challenges_end_date_idx;
ALTER TABLE community_challenges DROP COLUMN finalised_at;
