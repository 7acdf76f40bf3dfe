-- Records of sessions and revocations, and the heads of sessions. Times are seconds since 1970.
CREATE TABLE IF NOT EXISTS edge_session_record (
  name text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  record bytea NOT NULL,
  bytes integer NOT NULL,
  written bigint NOT NULL,
  expires bigint NOT NULL
);
-- Ciphertext does not compress.
ALTER TABLE edge_session_record ALTER COLUMN record SET STORAGE EXTERNAL;
-- Counts and sizes are told from these alone.
CREATE INDEX IF NOT EXISTS edge_session_record_expires ON edge_session_record (expires, bytes);
CREATE INDEX IF NOT EXISTS edge_session_record_bytes ON edge_session_record (bytes);

CREATE TABLE IF NOT EXISTS edge_session_head (
  name text COLLATE "C" PRIMARY KEY,
  record text COLLATE "C",
  cookie text,
  expires bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS edge_session_head_expires ON edge_session_head (expires);

-- Whether the record is kept now: a repeated put sets the expiry, a revocation replaces, other bytes change nothing.
CREATE OR REPLACE FUNCTION edge_session_put(p_name text, p_kind text, p_record bytea, p_expires bigint, p_now bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO edge_session_record AS kept (name, kind, record, bytes, written, expires)
    VALUES (p_name, p_kind, p_record, octet_length(p_record), p_now, p_expires)
    ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, record = excluded.record, bytes = excluded.bytes,
      written = excluded.written, expires = excluded.expires
    WHERE kept.record = excluded.record OR excluded.kind = 'revocation';
  RETURN FOUND;
END $$;

-- A save in one round trip. Each statement in here sees what is committed when it begins, and the head's row is locked from
-- the first one on. An error undoes all of it.
CREATE OR REPLACE FUNCTION edge_session_commit(
  p_now bigint,
  p_session text, p_from text, p_to text, p_cookie text, p_until bigint,
  p_name text, p_kind text, p_record bytea, p_expires bigint,
  p_listed text[]
) RETURNS TABLE (outcome text, head text, cookie text, record bytea, expires bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  moved boolean := true;
BEGIN
  IF p_session IS NOT NULL AND p_to IS NOT NULL THEN
    INSERT INTO edge_session_head AS there (name, record, cookie, expires) VALUES (p_session, p_to, p_cookie, p_until)
      ON CONFLICT (name) DO UPDATE SET record = excluded.record, cookie = excluded.cookie, expires = excluded.expires
      WHERE there.expires <= p_now OR there.record = p_from
        OR (there.record = excluded.record AND there.cookie = excluded.cookie);
    moved := FOUND;
  ELSIF p_session IS NOT NULL THEN
    DELETE FROM edge_session_head WHERE name = p_session AND (expires <= p_now OR record = p_from);
    moved := FOUND OR NOT EXISTS (SELECT FROM edge_session_head WHERE name = p_session AND expires > p_now);
  END IF;
  IF NOT moved THEN
    RETURN QUERY SELECT CASE WHEN there.record IS NULL THEN 'ended' ELSE 'other' END,
        there.record, there.cookie, kept.record, kept.expires
      FROM edge_session_head AS there
      LEFT JOIN edge_session_record AS kept ON kept.name = there.record AND kept.expires > p_now
      WHERE there.name = p_session;
    RETURN;
  END IF;
  IF p_name IS NOT NULL AND NOT edge_session_put(p_name, p_kind, p_record, p_expires, p_now) THEN
    RAISE EXCEPTION 'another record has this name' USING ERRCODE = 'ES409';
  END IF;
  RETURN QUERY SELECT 'saved', NULL::text, NULL::text, NULL::bytea, NULL::bigint;
  RETURN QUERY SELECT 'listed', NULL::text, NULL::text, kept.record, kept.expires
    FROM unnest(p_listed) WITH ORDINALITY AS asked (name, place)
    LEFT JOIN edge_session_record AS kept ON kept.name = asked.name AND kept.expires > p_now
    ORDER BY asked.place;
END $$;

-- A tombstone in the head's place. Gives the head that was there. The row is made first, so that there is one to lock.
CREATE OR REPLACE FUNCTION edge_session_end(p_session text, p_expires bigint, p_now bigint)
RETURNS TABLE (head text, cookie text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO edge_session_head (name, record, cookie, expires) VALUES (p_session, NULL, NULL, 0) ON CONFLICT (name) DO NOTHING;
  PERFORM FROM edge_session_head WHERE name = p_session FOR UPDATE;
  RETURN QUERY SELECT there.record, there.cookie FROM edge_session_head AS there
    WHERE there.name = p_session AND there.expires > p_now AND there.record IS NOT NULL;
  UPDATE edge_session_head SET record = NULL, cookie = NULL, expires = p_expires WHERE name = p_session;
  DELETE FROM edge_session_record
    WHERE name >= left(p_session, 16) AND name < left(p_session, 16) || '~' AND kind = 'session';
END $$;

CREATE OR REPLACE FUNCTION edge_session_version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
