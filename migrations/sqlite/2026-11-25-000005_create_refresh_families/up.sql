-- Which refresh tokens descend from one login. A family's row is made when its first token is exchanged, and is
-- named by that token's successor.
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
