DROP VIEW challenge_leaderboards;
DROP TABLE challenge_progress;
DROP TABLE challenge_participants;
DROP TABLE community_challenges;
