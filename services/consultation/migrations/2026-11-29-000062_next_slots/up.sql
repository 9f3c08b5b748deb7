-- Extra table: when the next free slot of each professional with a schedule begins, by which the directory is searched. In a table of its own,
-- because it changes by itself: `updated_at` and `version` of the professional tell of their own changes, and a row with as many indexes is
-- expensive to write. What earlier releases have written is found by the service.
CREATE TABLE next_slots (
  professional_id UUID NOT NULL,
  -- NULL if none is free in the next 62 days.
  next_slot_time TIMESTAMPTZ,
  -- When another slot may be the next one although nobody writes: its notice has begun, or a hold has expired.
  due_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT next_slots_pkey PRIMARY KEY (professional_id),
  CONSTRAINT next_slots_professional_id_fkey FOREIGN KEY (professional_id) REFERENCES health_professionals (id) ON DELETE CASCADE
);
-- The directory in the order of next slots.
CREATE INDEX next_slots_by_time_idx ON next_slots (next_slot_time, professional_id DESC) WHERE next_slot_time IS NOT NULL;
CREATE INDEX next_slots_due_at_idx ON next_slots (due_at, professional_id);
