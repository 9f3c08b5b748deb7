-- Extra: grows with each change of what the professional states, who names it to change only what they have read.
ALTER TABLE health_professionals ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE health_professionals ADD CONSTRAINT health_professionals_version_check CHECK (version >= 1);
-- Extra: why an operator last rejected or suspended the professional.
ALTER TABLE health_professionals ADD COLUMN verification_note TEXT;
ALTER TABLE health_professionals ADD CONSTRAINT health_professionals_verification_documents_check
  CHECK (jsonb_typeof(verification_documents) = 'array');

-- The directory in its two orders, without those whom nobody finds.
CREATE INDEX health_professionals_by_rating_idx ON health_professionals (rating_average DESC, id DESC)
  WHERE verification_status = 'verified' AND is_available;
CREATE INDEX health_professionals_by_rate_idx ON health_professionals (consultation_rate, id DESC)
  WHERE verification_status = 'verified' AND is_available AND consultation_rate IS NOT NULL;
-- Extra: the words of the name and the biography that the directory searches for: runs of letters and digits, in lower case. As a column,
-- because to find the words of a row takes longer than to look for one among them.
ALTER TABLE health_professionals ADD COLUMN words TSVECTOR NOT NULL GENERATED ALWAYS AS (
  to_tsvector('simple'::regconfig, regexp_replace(professional_name || ' ' || COALESCE(bio, ''), '[\x01-\x2F\x3A-\x40\x5B-\x60\x7B-\x7F]+', ' ', 'g'))
) STORED;
CREATE INDEX health_professionals_words_idx ON health_professionals USING gin (words);
-- The queue of operators.
CREATE INDEX health_professionals_pending_idx ON health_professionals (created_at, id) WHERE verification_status = 'pending';
