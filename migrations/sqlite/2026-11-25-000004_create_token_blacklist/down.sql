DROP TABLE "token_blacklist_blacklistedtoken";
DROP TABLE "token_blacklist_outstandingtoken";

DELETE FROM "django_migrations" WHERE "app" = 'token_blacklist';
