-- Records of sessions and revocations, and the heads of sessions. Times are seconds since 1970.

CREATE TABLE session_record (
  name TEXT PRIMARY KEY,      -- keyed hash, 32 characters of base64url
  kind TEXT NOT NULL,         -- session or revocation
  record TEXT NOT NULL,       -- ciphertext in base64: a BLOB would come back as an array of numbers
  user_id TEXT,               -- keyed hash of the user, where known
  created INTEGER,            -- when the session began
  last_seen INTEGER NOT NULL, -- when this record was written
  expires INTEGER NOT NULL,
  ip TEXT,                    -- these two only if SESSION_COLUMNS asks for them
  user_agent TEXT
);
CREATE INDEX session_record_expires ON session_record (expires);
CREATE INDEX session_record_user_id ON session_record (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE session_head (
  name TEXT PRIMARY KEY,
  record TEXT,                -- the newest record's name; NULL: the session ended
  cookie TEXT,                -- the cookie that names it, sealed
  expires INTEGER NOT NULL
);
CREATE INDEX session_head_expires ON session_head (expires);
