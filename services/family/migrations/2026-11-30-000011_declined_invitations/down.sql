DROP TABLE user_blocks;
DROP TABLE invitation_declines;
UPDATE family_invitations SET status = 'declined', updated_at = now() WHERE declined_at IS NOT NULL AND status = 'pending';
ALTER TABLE family_invitations DROP COLUMN shown_from;
ALTER TABLE family_invitations DROP COLUMN declined_at;
