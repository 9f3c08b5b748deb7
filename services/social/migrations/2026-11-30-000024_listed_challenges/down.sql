DROP INDEX community_challenges_words_idx;
DROP INDEX community_challenges_list_idx;
CREATE INDEX community_challenges_list_idx
  ON community_challenges (featured_priority DESC, start_date, id) WHERE is_public AND is_active;
