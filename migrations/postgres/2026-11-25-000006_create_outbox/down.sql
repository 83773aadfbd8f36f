DROP TABLE hallpass_mail_count;
DROP TABLE hallpass_outbox;
