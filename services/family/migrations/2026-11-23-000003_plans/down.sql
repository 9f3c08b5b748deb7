DROP TABLE family_members;
DROP TABLE family_plans;
