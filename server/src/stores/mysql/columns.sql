-- What is kept of sessions for people to look at, where the settings name a column. Times are seconds since 1970.
CREATE TABLE IF NOT EXISTS edge_session_about (
  name varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  user_id varchar(32) CHARACTER SET ascii COLLATE ascii_bin,
  ip varchar(256) CHARACTER SET utf8mb4,
  user_agent varchar(256) CHARACTER SET utf8mb4,
  created bigint,
  last_seen bigint,
  expires bigint NOT NULL,
  KEY edge_session_about_user_id (user_id, last_seen),
  -- Ages are counted from this alone.
  KEY edge_session_about_last_seen (last_seen, name, created, expires),
  KEY edge_session_about_expires (expires)
) ENGINE = InnoDB;
