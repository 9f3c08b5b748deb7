-- IF NOT EXISTS: databases of releases before 2026-11-30 got this table from a migration of their slice.
--
-- The last event of each aggregate of other slices that has had its effect here. It is written in the transaction of the
-- effect, so that no event has its effect twice.
CREATE TABLE IF NOT EXISTS inbox (
  source TEXT NOT NULL,
  aggregate_id UUID NOT NULL,
  sequence BIGINT NOT NULL,
  CONSTRAINT inbox_pkey PRIMARY KEY (source, aggregate_id),
  CONSTRAINT inbox_source_check CHECK (btrim(source) <> ''),
  CONSTRAINT inbox_sequence_check CHECK (sequence >= 0)
);
