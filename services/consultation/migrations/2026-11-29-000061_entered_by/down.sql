ALTER TABLE health_professionals DROP COLUMN entered_by;
