DROP TABLE hallpass_sealed_token;
