-- Mails that are to be sent: written with the change that they tell of, and removed when the mail has left. A row without
-- a recipient is never sent; it is there so that asking for a mail costs the same whoever asks.
CREATE TABLE "hallpass_outbox" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "kind" varchar(40) NOT NULL,
    "recipient" varchar(254) NULL,
    "context" text NOT NULL,
    "created_at" datetime NOT NULL,
    "due_at" datetime NOT NULL,
    "attempts" integer NOT NULL,
    "claimed_until" datetime NULL,
    "last_error" varchar(250) NULL
);

CREATE INDEX "hallpass_outbox_due_at" ON "hallpass_outbox" ("due_at");

-- When mails of a kind were asked for at an address, as far back as the limits look. The address is digested together with
-- the kind of mail.
CREATE TABLE "hallpass_mail_count" (
    "digest" varchar(64) NOT NULL PRIMARY KEY,
    "recent" text NOT NULL,
    "expires_at" datetime NOT NULL
);

CREATE INDEX "hallpass_mail_count_expires_at" ON "hallpass_mail_count" ("expires_at");
