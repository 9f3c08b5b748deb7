-- Up to which of its events each aggregate of another slice has had its effects here: written in the transaction of the effects, so
-- that each happens once.
CREATE TABLE inbox (
  source TEXT NOT NULL,
  aggregate_id UUID NOT NULL,
  sequence BIGINT NOT NULL,
  CONSTRAINT inbox_pkey PRIMARY KEY (source, aggregate_id),
  CONSTRAINT inbox_source_check CHECK (btrim(source) <> ''),
  CONSTRAINT inbox_sequence_check CHECK (sequence >= 0)
);
