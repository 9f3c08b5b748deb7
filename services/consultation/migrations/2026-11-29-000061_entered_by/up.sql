-- Extra: the operator who entered a professional without an account, and who decides nothing about them. NULL for those who applied
-- themselves, whom an earlier release has entered, or whose operator was erased.
ALTER TABLE health_professionals ADD COLUMN entered_by UUID;
-- SET NULL: the entry is not the operator's.
ALTER TABLE health_professionals
  ADD CONSTRAINT health_professionals_entered_by_fkey FOREIGN KEY (entered_by) REFERENCES users (id) ON DELETE SET NULL;
CREATE INDEX health_professionals_entered_by_idx ON health_professionals (entered_by);
