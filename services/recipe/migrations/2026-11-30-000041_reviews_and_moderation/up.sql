-- Extra: when the author last changed the recipe. `updated_at` also moves with ratings and decisions of moderators.
ALTER TABLE user_recipes ADD COLUMN edited_at TIMESTAMPTZ NOT NULL DEFAULT now();
-- Extra: grows with each change by the author, who names it to change only what they have read.
ALTER TABLE user_recipes ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- Extra: when the recipe was first public; NULL when it never was.
ALTER TABLE user_recipes ADD COLUMN published_at TIMESTAMPTZ;
-- Extra: when moderators hid the recipe; NULL when it is not hidden.
ALTER TABLE user_recipes ADD COLUMN hidden_at TIMESTAMPTZ;
-- Extra: the open reports, and when the oldest was made. The queue of moderators is read from an index.
ALTER TABLE user_recipes ADD COLUMN open_reports INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_recipes ADD COLUMN reported_at TIMESTAMPTZ;
-- Extra: how many reviews give 1, 2, .. 5 stars, and how many users have the recipe among their favourites. The exact numbers are these plus
-- the recipe's rows in `recipe_counter_changes`, which are added to them within about a second.
ALTER TABLE user_recipes ADD COLUMN ratings_1 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_recipes ADD COLUMN ratings_2 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_recipes ADD COLUMN ratings_3 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_recipes ADD COLUMN ratings_4 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_recipes ADD COLUMN ratings_5 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_recipes ADD COLUMN favourite_count INTEGER NOT NULL DEFAULT 0;
-- Extra: the sequence of the recipe's last event.
ALTER TABLE user_recipes ADD COLUMN last_event_sequence BIGINT NOT NULL DEFAULT 0;

UPDATE user_recipes SET edited_at = updated_at;
UPDATE user_recipes SET published_at = created_at WHERE is_public;

ALTER TABLE user_recipes ADD CONSTRAINT user_recipes_version_check CHECK (version >= 1);
ALTER TABLE user_recipes ADD CONSTRAINT user_recipes_open_reports_check
  CHECK (open_reports >= 0 AND (open_reports = 0) = (reported_at IS NULL));
ALTER TABLE user_recipes ADD CONSTRAINT user_recipes_counts_check
  CHECK (least(ratings_1, ratings_2, ratings_3, ratings_4, ratings_5, favourite_count) >= 0);
-- What nobody sees is not recommended.
ALTER TABLE user_recipes ADD CONSTRAINT user_recipes_featured_at_check CHECK (featured_at IS NULL OR hidden_at IS NULL);
CREATE INDEX user_recipes_reported_at_idx ON user_recipes (reported_at, id) WHERE reported_at IS NOT NULL;

-- Extra: when the reviewer last changed the review. `updated_at` also moves with votes.
ALTER TABLE recipe_reviews ADD COLUMN edited_at TIMESTAMPTZ NOT NULL DEFAULT now();
UPDATE recipe_reviews SET edited_at = updated_at;
-- NO ACTION: the stars of an erased reviewer stay under a pseudonym, so that averages do not change.
ALTER TABLE recipe_reviews DROP CONSTRAINT recipe_reviews_reviewer_id_fkey;
ALTER TABLE recipe_reviews
  ADD CONSTRAINT recipe_reviews_reviewer_id_fkey FOREIGN KEY (reviewer_id) REFERENCES users (id);

-- Extra table: changes of a recipe's counters that are not added to them yet. A write adds a row and waits for nobody, however many users
-- review the same recipe at once.
CREATE TABLE recipe_counter_changes (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  recipe_id UUID NOT NULL,
  -- 1-5 are the reviews with so many stars, 0 the favourites.
  counter SMALLINT NOT NULL,
  change SMALLINT NOT NULL,
  -- The recipe comes first: the changes of one are read with it.
  CONSTRAINT recipe_counter_changes_pkey PRIMARY KEY (recipe_id, id),
  CONSTRAINT recipe_counter_changes_recipe_id_fkey FOREIGN KEY (recipe_id) REFERENCES user_recipes (id) ON DELETE CASCADE,
  CONSTRAINT recipe_counter_changes_counter_check CHECK (counter BETWEEN 0 AND 5),
  CONSTRAINT recipe_counter_changes_change_check CHECK (change IN (-1, 1))
);

-- Extra table: who finds which review helpful.
CREATE TABLE review_helpful_votes (
  review_id UUID NOT NULL,
  voter_id UUID NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT review_helpful_votes_pkey PRIMARY KEY (review_id, voter_id),
  CONSTRAINT review_helpful_votes_review_id_fkey FOREIGN KEY (review_id) REFERENCES recipe_reviews (id) ON DELETE CASCADE,
  -- NO ACTION: the vote of an erased user stays under a pseudonym, so that counts do not change.
  CONSTRAINT review_helpful_votes_voter_id_fkey FOREIGN KEY (voter_id) REFERENCES users (id)
);
CREATE INDEX review_helpful_votes_voter_id_idx ON review_helpful_votes (voter_id);

-- Extra table: the recipes that users keep.
CREATE TABLE favourite_recipes (
  user_id UUID NOT NULL,
  recipe_id UUID NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT favourite_recipes_pkey PRIMARY KEY (user_id, recipe_id),
  -- CASCADE, twice: without one of them there is nothing to keep.
  CONSTRAINT favourite_recipes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT favourite_recipes_recipe_id_fkey FOREIGN KEY (recipe_id) REFERENCES user_recipes (id) ON DELETE CASCADE
);
CREATE INDEX favourite_recipes_recipe_id_idx ON favourite_recipes (recipe_id);
CREATE INDEX favourite_recipes_user_id_created_at_idx ON favourite_recipes (user_id, created_at DESC, recipe_id DESC);

-- Extra table: what users report to moderators.
CREATE TABLE recipe_reports (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  recipe_id UUID NOT NULL,
  reporter_id UUID NOT NULL,
  reason VARCHAR(20) NOT NULL,
  note TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- When moderators decided; NULL while the report is open.
  closed_at TIMESTAMPTZ,
  CONSTRAINT recipe_reports_pkey PRIMARY KEY (id),
  CONSTRAINT recipe_reports_recipe_id_reporter_id_key UNIQUE (recipe_id, reporter_id),
  CONSTRAINT recipe_reports_recipe_id_fkey FOREIGN KEY (recipe_id) REFERENCES user_recipes (id) ON DELETE CASCADE,
  -- NO ACTION: the report of an erased user stays under a pseudonym and without its note.
  CONSTRAINT recipe_reports_reporter_id_fkey FOREIGN KEY (reporter_id) REFERENCES users (id),
  CONSTRAINT recipe_reports_reason_check CHECK (reason IN ('spam', 'offensive', 'dangerous', 'copied', 'other'))
);
CREATE INDEX recipe_reports_reporter_id_idx ON recipe_reports (reporter_id);
CREATE INDEX recipe_reports_recipe_id_created_at_idx ON recipe_reports (recipe_id, created_at, id);

-- Extra table: who decided what about a recipe, and when. Without a reference to the recipe, because decisions outlive it.
CREATE TABLE moderation_decisions (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  recipe_id UUID NOT NULL,
  moderator_id UUID NOT NULL,
  kind VARCHAR(20) NOT NULL,
  note TEXT,
  closed_reports INTEGER NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT moderation_decisions_pkey PRIMARY KEY (id),
  -- NO ACTION: the decision of an erased moderator stays under a pseudonym.
  CONSTRAINT moderation_decisions_moderator_id_fkey FOREIGN KEY (moderator_id) REFERENCES users (id),
  CONSTRAINT moderation_decisions_kind_check CHECK (kind IN ('hide', 'restore', 'dismiss', 'feature', 'unfeature')),
  CONSTRAINT moderation_decisions_closed_reports_check CHECK (closed_reports >= 0)
);
CREATE INDEX moderation_decisions_recipe_id_created_at_idx ON moderation_decisions (recipe_id, created_at DESC, id DESC);
CREATE INDEX moderation_decisions_moderator_id_idx ON moderation_decisions (moderator_id);
