-- The tables of rest_framework.authtoken, as Django 5.2 leaves them after all of its migrations.
-- SQLite keeps these statements word for word, so each is on one line, spelled as Django spells it.

CREATE TABLE "authtoken_token" ("key" varchar(40) NOT NULL PRIMARY KEY, "created" datetime NOT NULL, "user_id" integer NOT NULL UNIQUE REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED);

-- Django's own record, so that `manage.py migrate` finds nothing left to do here.
CREATE TABLE IF NOT EXISTS "django_migrations" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL);

-- The replace is for Django's habit of leaving out a fraction of zero.
WITH migration (name) AS (VALUES
    ('0001_initial'),
    ('0002_auto_20160226_1747'),
    ('0003_tokenproxy'),
    ('0004_alter_tokenproxy_options')
)
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'authtoken', migration.name, replace(strftime('%Y-%m-%d %H:%M:%f000', 'now'), '.000000', '')
FROM migration
WHERE NOT EXISTS (
    SELECT 1 FROM "django_migrations" AS recorded
    WHERE recorded.app = 'authtoken' AND recorded.name = migration.name
)
ORDER BY migration.name;
