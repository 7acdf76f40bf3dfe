-- Records of sessions and revocations, and the heads of sessions. Times are seconds since 1970.
CREATE TABLE IF NOT EXISTS edge_session_record (
  name varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  kind varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  record mediumblob NOT NULL,
  bytes int NOT NULL,
  written bigint NOT NULL,
  expires bigint NOT NULL,
  -- Counts and sizes are told from these alone.
  KEY edge_session_record_expires (expires, bytes),
  KEY edge_session_record_bytes (bytes)
) ENGINE = InnoDB;
CREATE TABLE IF NOT EXISTS edge_session_head (
  name varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  record varchar(32) CHARACTER SET ascii COLLATE ascii_bin,
  cookie mediumtext CHARACTER SET ascii COLLATE ascii_bin,
  expires bigint NOT NULL,
  KEY edge_session_head_expires (expires)
) ENGINE = InnoDB;
