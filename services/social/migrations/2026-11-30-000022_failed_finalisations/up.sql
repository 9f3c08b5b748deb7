-- Extra: a challenge or seat whose finalisation failed is tried again after `retry_at`, so that the others do not wait for it.
ALTER TABLE challenge_finalisations ADD COLUMN failures INTEGER NOT NULL DEFAULT 0, ADD COLUMN retry_at TIMESTAMPTZ;
ALTER TABLE challenge_participants ADD COLUMN failures INTEGER NOT NULL DEFAULT 0, ADD COLUMN retry_at TIMESTAMPTZ;
