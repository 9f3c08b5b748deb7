-- Extra: until when the session must be paid. NULL for one that is paid when it is booked.
ALTER TABLE consultation_sessions ADD COLUMN payment_due_at TIMESTAMPTZ;
-- What earlier releases have booked can be paid as if it were booked now.
UPDATE consultation_sessions SET payment_due_at = least(now() + INTERVAL '30 minutes', session_date)
  WHERE session_status = 'scheduled' AND payment_status = 'pending';
CREATE INDEX consultation_sessions_payment_due_idx ON consultation_sessions (payment_due_at, id)
  WHERE session_status = 'scheduled' AND payment_status = 'pending';
-- Extra: how often somebody began to pay the session. The number is part of the reference in the wallet, where no reference is used twice.
ALTER TABLE consultation_sessions ADD COLUMN payment_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_payment_attempts_check CHECK (payment_attempts >= 0);
-- Extra: the most that the client's cancellation gives back: what it would have given when they last moved the session.
ALTER TABLE consultation_sessions ADD COLUMN refund_share VARCHAR(10) NOT NULL DEFAULT 'full';
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_refund_share_check
  CHECK (refund_share IN ('none', 'half', 'full'));
-- Extra: what a cancellation gives back. It is in the wallet when payment_status is 'refunded'.
ALTER TABLE consultation_sessions ADD COLUMN refund_amount NUMERIC(8,2);
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_refund_amount_check
  CHECK (refund_amount IS NULL OR (refund_amount > 0 AND refund_amount <= session_cost AND session_status = 'cancelled'));
-- No release before this one has refunded anything.
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_refunded_check
  CHECK (payment_status <> 'refunded' OR refund_amount IS NOT NULL) NOT VALID;

-- Extra: when the next reminder is due.
ALTER TABLE consultation_sessions ADD COLUMN next_reminder_at TIMESTAMPTZ;
UPDATE consultation_sessions SET next_reminder_at = session_date - INTERVAL '1 hour'
  WHERE session_status = 'scheduled' AND session_date - INTERVAL '1 hour' > now();
UPDATE consultation_sessions SET next_reminder_at = session_date - INTERVAL '24 hours'
  WHERE session_status = 'scheduled' AND session_date - INTERVAL '24 hours' > now();
CREATE INDEX consultation_sessions_next_reminder_idx ON consultation_sessions (next_reminder_at, id)
  WHERE next_reminder_at IS NOT NULL;

-- Extra table: payments from wallets of family plans, from before the wallet is asked. One that has failed is deleted when the wallet holds
-- nothing for it.
CREATE TABLE session_payments (
  -- Also the id of the intent by which it is finished, or refunded.
  id UUID NOT NULL,
  session_id UUID NOT NULL,
  -- Names the payment in the wallet, together with the session.
  attempt INTEGER NOT NULL,
  family_plan_id UUID NOT NULL,
  -- Who pays: the client, or the guardian.
  user_id UUID NOT NULL,
  amount NUMERIC(8,2) NOT NULL,
  status VARCHAR(20) NOT NULL DEFAULT 'open',
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT session_payments_pkey PRIMARY KEY (id),
  CONSTRAINT session_payments_session_id_attempt_key UNIQUE (session_id, attempt),
  CONSTRAINT session_payments_session_id_fkey FOREIGN KEY (session_id) REFERENCES consultation_sessions (id),
  -- NO ACTION: money that moved stays accounted for; an erased user stays as a pseudonym.
  CONSTRAINT session_payments_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT session_payments_attempt_check CHECK (attempt > 0),
  CONSTRAINT session_payments_amount_check CHECK (amount > 0 AND amount <= 999999.99),
  CONSTRAINT session_payments_status_check CHECK (status IN ('open', 'captured', 'released'))
);
CREATE INDEX session_payments_user_id_idx ON session_payments (user_id);
-- A session is paid once.
CREATE UNIQUE INDEX session_payments_session_key ON session_payments (session_id) WHERE status <> 'released';
