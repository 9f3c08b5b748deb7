DROP TABLE session_payments;
ALTER TABLE consultation_sessions
  DROP COLUMN next_reminder_at,
  DROP COLUMN refund_amount,
  DROP COLUMN refund_share,
  DROP COLUMN payment_attempts,
  DROP COLUMN payment_due_at;
