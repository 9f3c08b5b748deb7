DROP INDEX user_recipes_rating_idx;
DROP INDEX user_recipes_featured_idx;
DROP INDEX user_recipes_newest_idx;
DROP TABLE recipe_search_names;
DROP TABLE recipe_search;
DROP TABLE search_words;
