DROP TABLE family_invitations;
