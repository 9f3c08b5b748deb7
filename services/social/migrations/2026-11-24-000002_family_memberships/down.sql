DROP TABLE family_memberships;
