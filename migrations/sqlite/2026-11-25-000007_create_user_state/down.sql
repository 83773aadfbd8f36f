DROP TABLE hallpass_user_state;
