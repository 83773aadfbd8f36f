-- The keys of tokens of which Django's table holds only a digest, for the next login of their users. There is no foreign
-- key to auth_user: Django, which knows nothing of this table, must be able to delete a user.
CREATE TABLE "hallpass_sealed_token" (
    "user_id" integer NOT NULL PRIMARY KEY,
    "sealed" text NOT NULL
);
