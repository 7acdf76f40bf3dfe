-- What is kept of sessions for people to look at, where the settings name a column. Times are seconds since 1970.
CREATE TABLE IF NOT EXISTS edge_session_about (
  name text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C",
  ip text,
  user_agent text,
  created bigint,
  last_seen bigint,
  expires bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS edge_session_about_user_id ON edge_session_about (user_id, last_seen);
-- Ages are counted from this alone.
CREATE INDEX IF NOT EXISTS edge_session_about_last_seen ON edge_session_about (last_seen, name, created, expires);
CREATE INDEX IF NOT EXISTS edge_session_about_expires ON edge_session_about (expires);

-- edge_session_commit, and what is kept of its session: all of it where there is a record, else that it was seen.
CREATE OR REPLACE FUNCTION edge_session_commit_about(
  p_now bigint,
  p_session text, p_from text, p_to text, p_cookie text, p_until bigint,
  p_name text, p_kind text, p_record bytea, p_expires bigint,
  p_listed text[],
  p_user_id text, p_ip text, p_user_agent text, p_created bigint, p_last_seen bigint
) RETURNS TABLE (outcome text, head text, cookie text, record bytea, expires bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT * FROM edge_session_commit(
    p_now, p_session, p_from, p_to, p_cookie, p_until, p_name, p_kind, p_record, p_expires, p_listed);
  IF p_to IS NULL THEN
    DELETE FROM edge_session_about WHERE name = p_session
      AND NOT EXISTS (SELECT FROM edge_session_head WHERE name = p_session AND expires > p_now);
  -- The head is where it was to go: the proposal was kept, and its row is locked.
  ELSIF EXISTS (SELECT FROM edge_session_head WHERE name = p_session AND record = p_to AND cookie = p_cookie) THEN
    IF p_name IS NULL THEN
      UPDATE edge_session_about SET last_seen = p_last_seen, expires = p_until WHERE name = p_session;
    ELSE
      INSERT INTO edge_session_about AS about (name, user_id, ip, user_agent, created, last_seen, expires)
        VALUES (p_session, p_user_id, p_ip, p_user_agent, p_created, p_last_seen, p_until)
        ON CONFLICT (name) DO UPDATE SET user_id = excluded.user_id, ip = excluded.ip,
          user_agent = excluded.user_agent, last_seen = excluded.last_seen, expires = excluded.expires,
          created = CASE WHEN excluded.created IS NOT NULL THEN coalesce(about.created, excluded.created) END;
    END IF;
  END IF;
END $$;

-- edge_session_end, after which nothing is kept of the session.
CREATE OR REPLACE FUNCTION edge_session_end_about(p_session text, p_expires bigint, p_now bigint)
RETURNS TABLE (head text, cookie text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT * FROM edge_session_end(p_session, p_expires, p_now);
  DELETE FROM edge_session_about WHERE name = p_session;
END $$;

CREATE OR REPLACE FUNCTION edge_session_about_version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
