-- The tables of django.contrib.contenttypes, as Django 5.2 leaves them after all of its migrations.
-- SQLite keeps these statements word for word, so each is on one line, spelled as Django spells it.

CREATE TABLE "django_content_type" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL);
CREATE UNIQUE INDEX "django_content_type_app_label_model_76bd3d3b_uniq" ON "django_content_type" ("app_label", "model");

-- Django's own record, so that `manage.py migrate` finds nothing left to do here.
CREATE TABLE IF NOT EXISTS "django_migrations" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL);

-- The replace is for Django's habit of leaving out a fraction of zero.
WITH migration (name) AS (VALUES
    ('0001_initial'),
    ('0002_remove_content_type_name')
)
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'contenttypes', migration.name, replace(strftime('%Y-%m-%d %H:%M:%f000', 'now'), '.000000', '')
FROM migration
WHERE NOT EXISTS (
    SELECT 1 FROM "django_migrations" AS recorded
    WHERE recorded.app = 'contenttypes' AND recorded.name = migration.name
)
ORDER BY migration.name;
