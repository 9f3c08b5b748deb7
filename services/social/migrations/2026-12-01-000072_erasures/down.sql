DROP TABLE erasure_answers;
DROP TABLE erasure_requests;
