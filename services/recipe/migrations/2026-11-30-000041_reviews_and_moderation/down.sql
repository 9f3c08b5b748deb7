DROP TABLE moderation_decisions;
DROP TABLE recipe_reports;
DROP TABLE favourite_recipes;
DROP TABLE review_helpful_votes;
DROP TABLE recipe_counter_changes;
ALTER TABLE recipe_reviews DROP CONSTRAINT recipe_reviews_reviewer_id_fkey;
ALTER TABLE recipe_reviews
  ADD CONSTRAINT recipe_reviews_reviewer_id_fkey FOREIGN KEY (reviewer_id) REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE recipe_reviews DROP COLUMN edited_at;
ALTER TABLE user_recipes
  DROP COLUMN last_event_sequence,
  DROP COLUMN favourite_count,
  DROP COLUMN ratings_5,
  DROP COLUMN ratings_4,
  DROP COLUMN ratings_3,
  DROP COLUMN ratings_2,
  DROP COLUMN ratings_1,
  DROP COLUMN reported_at,
  DROP COLUMN open_reports,
  DROP COLUMN hidden_at,
  DROP COLUMN published_at,
  DROP COLUMN version,
  DROP COLUMN edited_at;
