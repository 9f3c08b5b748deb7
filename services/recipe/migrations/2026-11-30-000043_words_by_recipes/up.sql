-- Of words that begin alike, those of many recipes are offered first: the made-up words of one recipe hide no other. A worker counts, up to
-- 1,000, once a day.
ALTER TABLE search_words ADD COLUMN recipes INTEGER NOT NULL DEFAULT 1;
