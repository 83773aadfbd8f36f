DROP TABLE hallpass_refresh_member;
DROP TABLE hallpass_refresh_family;
