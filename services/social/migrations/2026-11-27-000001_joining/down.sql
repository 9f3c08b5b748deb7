DROP INDEX challenge_participants_user_id_joined_at_idx;
CREATE INDEX challenge_participants_user_id_idx ON challenge_participants (user_id);
DROP INDEX community_challenges_list_idx;
ALTER TABLE challenge_participants DROP COLUMN progress_version;
ALTER TABLE community_challenges DROP COLUMN join_code;
