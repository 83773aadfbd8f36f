DROP TABLE hallpass_audit;
