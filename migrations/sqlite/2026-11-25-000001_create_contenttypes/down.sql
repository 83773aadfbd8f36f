DROP TABLE "django_content_type";

-- The record itself stays: it is Django's, and may speak of other apps.
DELETE FROM "django_migrations" WHERE "app" = 'contenttypes';
