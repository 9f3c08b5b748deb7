DROP TABLE block_events;
DROP TABLE friend_request_declines;
DELETE FROM friendships WHERE declined_at IS NOT NULL;
ALTER TABLE friendships DROP COLUMN shown_from;
ALTER TABLE friendships DROP COLUMN declined_at;
