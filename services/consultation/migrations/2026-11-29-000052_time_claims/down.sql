DROP TABLE time_claims;
