/**
 * Inserts records of sessions into D1 as the Worker keeps them: a quarter has expired, and the ages are of 0 to 9 times 25 hours.
 * Their names are as keyed hashes are: any text of 32 letters of base64url.
 */
export async function insertSessions(database, count) {
  const letter = "substr('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 1 + abs(random() % 64), 1)";
  const name = Array.from({ length: 10 }, () => letter).join(' || ');
  const now = Math.floor(Date.now() / 1000);
  for (let done = 0; done < count; done += 20_000) {
    await database
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${Math.min(20_000, count - done)})
        INSERT INTO session_record (name, kind, record, created, last_seen, expires)
        SELECT ${name} || printf('%022d', i), 'session', substr('${'A'.repeat(400)}', 1, 40 + i % 300), ${now} - (i % 10) * 90000, ${now}, ${now} + CASE i % 4 WHEN 0 THEN -10 ELSE 1000 END FROM n`,
      )
      .run();
  }
}
