DROP TABLE hallpass_throttle;
DROP TABLE hallpass_lockout;
