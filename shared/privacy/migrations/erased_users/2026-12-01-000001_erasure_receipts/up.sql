-- What was erased by a request, so that its repetition is answered as it was. Nothing here leads to the user.
CREATE TABLE erasure_receipts (
  -- Chosen by the caller.
  request_id UUID NOT NULL,
  -- Tables with the numbers of rows that were deleted and pseudonymised, in the order of the erasure.
  table_counts JSONB NOT NULL,
  -- Whether the user is erased. An erasure may wait for other services after its first steps.
  is_done BOOLEAN NOT NULL DEFAULT false,
  -- Rounded to the day: the exact time would match other rows of the same transaction, such as those of the pseudonym.
  erased_at TIMESTAMPTZ NOT NULL DEFAULT date_trunc('day', now(), 'UTC'),
  CONSTRAINT erasure_receipts_pkey PRIMARY KEY (request_id)
);
