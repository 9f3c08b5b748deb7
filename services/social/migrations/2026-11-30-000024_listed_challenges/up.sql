-- Words of the name and the description that a list searches for: runs of letters and digits, in lower case.
CREATE INDEX community_challenges_words_idx ON community_challenges USING gin (
  to_tsvector('simple'::regconfig, regexp_replace(challenge_name || ' ' || description, '[\x01-\x2F\x3A-\x40\x5B-\x60\x7B-\x7F]+', ' ', 'g'))
) WHERE is_public AND is_active AND finalised_at IS NULL;
-- Without challenges that are over, of which there are more and more.
DROP INDEX community_challenges_list_idx;
CREATE INDEX community_challenges_list_idx ON community_challenges (featured_priority DESC, start_date, id)
  WHERE is_public AND is_active AND finalised_at IS NULL;
