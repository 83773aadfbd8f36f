-- What Django's table has no column for. There is no foreign key to auth_user: Django, which knows nothing of this table,
-- must be able to delete a user. Their ids are never given out again.
CREATE TABLE hallpass_user_state (
    user_id integer NOT NULL PRIMARY KEY,
    awaits_activation boolean NOT NULL DEFAULT false,
    activated_at timestamp with time zone,
    tokens_refused_until timestamp with time zone
);
