-- Extra: who booked the session for the client, a child, and has the client's rights: the guardian. NULL if the client booked.
ALTER TABLE consultation_sessions ADD COLUMN booked_by UUID;
-- NO ACTION: a pseudonym takes an erased guardian's place, so that the session stays one that a guardian has booked.
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_booked_by_fkey
  FOREIGN KEY (booked_by) REFERENCES users (id);
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_booked_by_check CHECK (booked_by <> user_id);
CREATE INDEX consultation_sessions_booked_by_session_date_idx ON consultation_sessions (booked_by, session_date);

-- Extra: who cancelled the session, and why.
ALTER TABLE consultation_sessions ADD COLUMN cancelled_by VARCHAR(20);
ALTER TABLE consultation_sessions ADD COLUMN cancel_reason TEXT;
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_cancelled_by_check
  CHECK (cancelled_by IN ('client', 'professional', 'operator', 'service'));
UPDATE consultation_sessions SET cancelled_by = 'service' WHERE session_status = 'cancelled';
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_cancelled_check
  CHECK (session_status = 'cancelled' OR (cancelled_by IS NULL AND cancel_reason IS NULL));

-- Extra: the session that this one follows up.
ALTER TABLE consultation_sessions ADD COLUMN follow_up_of UUID;
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_follow_up_of_fkey
  FOREIGN KEY (follow_up_of) REFERENCES consultation_sessions (id);
CREATE INDEX consultation_sessions_follow_up_of_idx ON consultation_sessions (follow_up_of);
-- A session has one follow-up, besides cancelled ones.
CREATE UNIQUE INDEX consultation_sessions_follow_up_key ON consultation_sessions (follow_up_of)
  WHERE session_status <> 'cancelled';

-- Extra: the client's consent, without which there is no recording.
ALTER TABLE consultation_sessions ADD COLUMN recording_consent BOOLEAN NOT NULL DEFAULT false;
UPDATE consultation_sessions SET recording_consent = true WHERE recording_url IS NOT NULL;
ALTER TABLE consultation_sessions ADD CONSTRAINT consultation_sessions_recording_check
  CHECK (recording_consent OR recording_url IS NULL);

-- Extra: how often the session was moved or cancelled, and when it was booked, moved or cancelled last: SEQUENCE and DTSTAMP of iCalendar.
ALTER TABLE consultation_sessions ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE consultation_sessions ADD COLUMN revised_at TIMESTAMPTZ NOT NULL DEFAULT now();
-- Extra: the number of the last event.
ALTER TABLE consultation_sessions ADD COLUMN event_sequence BIGINT NOT NULL DEFAULT 0;

-- Sessions that nobody has completed.
CREATE INDEX consultation_sessions_scheduled_idx ON consultation_sessions (session_date) WHERE session_status = 'scheduled';
