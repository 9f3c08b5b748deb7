-- Extra column: the challenge of the seat, by which a distributed database places the row beside its seat.
ALTER TABLE challenge_progress ADD COLUMN challenge_id UUID;
UPDATE challenge_progress d SET challenge_id = cp.challenge_id, updated_at = d.updated_at
FROM challenge_participants cp WHERE cp.id = d.challenge_participant_id;
ALTER TABLE challenge_progress ALTER COLUMN challenge_id SET NOT NULL;
