-- What happened: a row for each login, each change and each command, written in the transaction of what it tells of. No
-- column refers to another table, since a row outlives whom it is about. It has no index beside the key: rows come in the
-- order of time, and each index would make every login dearer.
CREATE TABLE "hallpass_audit" (
    "id" integer NOT NULL PRIMARY KEY,
    "at" datetime NOT NULL,
    "event" varchar(32) NOT NULL,
    "outcome" varchar(16) NOT NULL,
    "reason" varchar(32) NULL,
    "user_id" integer NULL,
    "actor_id" integer NULL,
    "account" varchar(64) NULL,
    "client" varchar(64) NOT NULL,
    "request_id" varchar(64) NULL,
    "token" varchar(255) NULL
);
