-- Wrong passwords in a row for one account, or for a name that nobody has, and the attempts whose outcome is not known yet.
-- The digest is keyed: the table does not tell what people typed.
CREATE TABLE hallpass_lockout (
    digest varchar(64) NOT NULL PRIMARY KEY,
    failures integer NOT NULL,
    failed_at timestamp with time zone,
    under_way text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE INDEX hallpass_lockout_expires_at ON hallpass_lockout (expires_at);

-- When a client address or a user asked, as far back as a rate looks. The digest is keyed, and names the rate too.
CREATE TABLE hallpass_throttle (
    digest varchar(64) NOT NULL PRIMARY KEY,
    recent text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE INDEX hallpass_throttle_expires_at ON hallpass_throttle (expires_at);
