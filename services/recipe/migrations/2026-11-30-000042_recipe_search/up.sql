-- Extra tables: the index of search. The service writes them, because it folds words in the same way when it reads a query. A worker fills
-- them for recipes that are there already.

-- The words that misspelt and unfinished ones may stand for. "C", because beginnings are looked up as ranges.
CREATE TABLE search_words (
  word TEXT COLLATE "C" NOT NULL,
  -- Token of the form that singular, plural and other spellings share.
  stem BIGINT NOT NULL,
  -- Tokens of the word without any one or two of its letters.
  fragments BIGINT[] NOT NULL,
  -- The last day on which a recipe with the word was written. Words that no recipe has any more are deleted.
  used_on DATE NOT NULL,
  CONSTRAINT search_words_pkey PRIMARY KEY (word),
  CONSTRAINT search_words_fragments_check CHECK (array_position(fragments, NULL) IS NULL)
);
CREATE INDEX search_words_stem_idx ON search_words (stem);
-- Without a list of pending entries, which every query would read.
CREATE INDEX search_words_fragments_idx ON search_words USING gin (fragments) WITH (fastupdate = off);

-- Recipes that everyone may see.
CREATE TABLE recipe_search (
  recipe_id UUID NOT NULL,
  -- The version of the recipe, and that of the rules, by which it was indexed.
  version BIGINT NOT NULL,
  rules SMALLINT NOT NULL,
  -- Greater for shorter names.
  brevity SMALLINT NOT NULL,
  prep_time_minutes INTEGER,
  -- Tokens of words and facts. Last, because most queries do not read it.
  tokens BIGINT[] NOT NULL,
  CONSTRAINT recipe_search_pkey PRIMARY KEY (recipe_id),
  -- CASCADE: without the recipe there is nothing to find.
  CONSTRAINT recipe_search_recipe_id_fkey FOREIGN KEY (recipe_id) REFERENCES user_recipes (id) ON DELETE CASCADE,
  CONSTRAINT recipe_search_tokens_check CHECK (array_position(tokens, NULL) IS NULL)
);
CREATE INDEX recipe_search_tokens_idx ON recipe_search USING gin (tokens) WITH (fastupdate = off);
CREATE INDEX recipe_search_brevity_idx ON recipe_search (brevity DESC, recipe_id DESC);

-- The same for names alone: rows so short that all recipes with a common word in their name are read in little time.
CREATE TABLE recipe_search_names (
  recipe_id UUID NOT NULL,
  brevity SMALLINT NOT NULL,
  tokens BIGINT[] NOT NULL,
  CONSTRAINT recipe_search_names_pkey PRIMARY KEY (recipe_id),
  -- CASCADE: as above.
  CONSTRAINT recipe_search_names_recipe_id_fkey FOREIGN KEY (recipe_id) REFERENCES user_recipes (id) ON DELETE CASCADE,
  CONSTRAINT recipe_search_names_tokens_check CHECK (array_position(tokens, NULL) IS NULL)
);
CREATE INDEX recipe_search_names_tokens_idx ON recipe_search_names USING gin (tokens) WITH (fastupdate = off);

-- The other orders of search.
CREATE INDEX user_recipes_newest_idx ON user_recipes (created_at DESC, id DESC) WHERE is_public AND hidden_at IS NULL;
CREATE INDEX user_recipes_featured_idx ON user_recipes (featured_at DESC, id DESC)
  WHERE is_public AND hidden_at IS NULL AND featured_at IS NOT NULL;
-- Millionths of the mean rating, with eight more reviews of 3.5 stars: a single review of five stars does not lead.
CREATE INDEX user_recipes_rating_idx ON user_recipes
  (((ratings_1 + 2 * ratings_2 + 3 * ratings_3 + 4 * ratings_4 + 5 * ratings_5 + 28)::bigint * 1000000
    / (ratings_1 + ratings_2 + ratings_3 + ratings_4 + ratings_5 + 8)) DESC, id DESC)
  WHERE is_public AND hidden_at IS NULL;
