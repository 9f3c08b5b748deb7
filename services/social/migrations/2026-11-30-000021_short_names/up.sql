-- Distributed databases end names with the number of a shard, and PostgreSQL cuts names after 63 bytes.
ALTER TABLE challenge_progress
  RENAME CONSTRAINT challenge_progress_challenge_participant_id_progress_date_key TO challenge_progress_participant_date_key;
ALTER TABLE achievement_milestones
  RENAME CONSTRAINT achievement_milestones_user_id_milestone_type_target_key TO achievement_milestones_target_key;
