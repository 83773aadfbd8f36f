-- The tables of rest_framework_simplejwt.token_blacklist, as Django 5.2 leaves them after all of its migrations.
-- SQLite keeps these statements word for word, so each is on one line, spelled as Django spells it.
-- The order of the columns is the real one: Django rebuilt these tables, which moved the changed columns to the end.

CREATE TABLE "token_blacklist_outstandingtoken" ("token" text NOT NULL, "created_at" datetime NULL, "expires_at" datetime NOT NULL, "user_id" integer NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED, "jti" varchar(255) NOT NULL UNIQUE, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
CREATE INDEX "token_blacklist_outstandingtoken_user_id_83bc629a" ON "token_blacklist_outstandingtoken" ("user_id");

CREATE TABLE "token_blacklist_blacklistedtoken" ("blacklisted_at" datetime NOT NULL, "token_id" bigint NOT NULL UNIQUE REFERENCES "token_blacklist_outstandingtoken" ("id") DEFERRABLE INITIALLY DEFERRED, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);

-- Django's own record, so that `manage.py migrate` finds nothing left to do here.
CREATE TABLE IF NOT EXISTS "django_migrations" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL);

-- The replace is for Django's habit of leaving out a fraction of zero.
WITH migration (name) AS (VALUES
    ('0001_initial'),
    ('0002_outstandingtoken_jti_hex'),
    ('0003_auto_20171017_2007'),
    ('0004_auto_20171017_2013'),
    ('0005_remove_outstandingtoken_jti'),
    ('0006_auto_20171017_2113'),
    ('0007_auto_20171017_2214'),
    ('0008_migrate_to_bigautofield'),
    ('0010_fix_migrate_to_bigautofield'),
    ('0011_linearizes_history'),
    ('0012_alter_outstandingtoken_user'),
    ('0013_alter_blacklistedtoken_options_and_more')
)
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'token_blacklist', migration.name, replace(strftime('%Y-%m-%d %H:%M:%f000', 'now'), '.000000', '')
FROM migration
WHERE NOT EXISTS (
    SELECT 1 FROM "django_migrations" AS recorded
    WHERE recorded.app = 'token_blacklist' AND recorded.name = migration.name
)
ORDER BY migration.name;
