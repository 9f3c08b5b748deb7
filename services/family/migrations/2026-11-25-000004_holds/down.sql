ALTER TABLE wallet_entries DROP CONSTRAINT wallet_entries_hold_id_check;
DELETE FROM wallet_entries WHERE kind IN ('capture', 'refund');
ALTER TABLE wallet_entries DROP CONSTRAINT wallet_entries_amount_check;
ALTER TABLE wallet_entries ADD CONSTRAINT wallet_entries_amount_check CHECK (
  CASE kind WHEN 'deposit' THEN amount BETWEEN 0.01 AND 99999999.99 WHEN 'spend' THEN amount < 0 END
);
ALTER TABLE wallet_entries DROP CONSTRAINT wallet_entries_kind_check;
ALTER TABLE wallet_entries ADD CONSTRAINT wallet_entries_kind_check CHECK (kind IN ('deposit', 'spend'));
ALTER TABLE wallet_entries DROP COLUMN hold_id;
DROP TABLE wallet_holds;
ALTER TABLE family_plans DROP COLUMN wallet_held;
