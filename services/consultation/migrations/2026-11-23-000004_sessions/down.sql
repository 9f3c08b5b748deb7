DROP TABLE consultation_sessions;
