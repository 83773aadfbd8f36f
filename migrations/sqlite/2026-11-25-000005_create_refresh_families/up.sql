-- Which refresh tokens descend from one login. A family is named by the jti of its first token; its row is made when that
-- token is first exchanged, and is what two exchanges at once lock.
CREATE TABLE "hallpass_refresh_family" (
    "id" varchar(255) NOT NULL PRIMARY KEY,
    "revoked_at" datetime NULL
);

-- A token of a family, and the one that it was exchanged for.
CREATE TABLE "hallpass_refresh_member" (
    "jti" varchar(255) NOT NULL PRIMARY KEY,
    "family_id" varchar(255) NOT NULL REFERENCES "hallpass_refresh_family" ("id"),
    "expires_at" datetime NOT NULL,
    "exchanged_at" datetime NULL,
    "successor_jti" varchar(255) NULL,
    "successor_iat" bigint NULL,
    "successor_exp" bigint NULL
);

CREATE INDEX "hallpass_refresh_member_family_id" ON "hallpass_refresh_member" ("family_id");
CREATE INDEX "hallpass_refresh_member_expires_at" ON "hallpass_refresh_member" ("expires_at");
