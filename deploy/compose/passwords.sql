-- Runs once, after provision.sql, when the volume is empty. From the environment, because a password has no place in a file
-- of the repository; a variable that is not set is a syntax error below, and the server does not start.
\getenv family ORCHARD_FAMILY_PASSWORD
\getenv social ORCHARD_SOCIAL_PASSWORD
\getenv recipe ORCHARD_RECIPE_PASSWORD
\getenv consultation ORCHARD_CONSULTATION_PASSWORD

ALTER ROLE orchard_family PASSWORD :'family';
ALTER ROLE orchard_social PASSWORD :'social';
ALTER ROLE orchard_recipe PASSWORD :'recipe';
ALTER ROLE orchard_consultation PASSWORD :'consultation';
