DROP TABLE authtoken_token;

DELETE FROM django_migrations WHERE app = 'authtoken';
