DROP TABLE recipe_reviews;
DROP TABLE user_recipes;
