// Why a cookie is refused, for its developer. Visitors are told nothing.

const REASONS = {
  too_long: 'it is longer than any session cookie is read',
  too_many_copies: 'it was sent in more copies than are looked at',
  malformed: 'it is not an envelope of a session: cut off, or changed on the way',
  unknown_version: 'it is of a version that this release does not know',
  unknown_key: 'it is under a key that was not given',
  retired_key: 'its key has come to its end',
  forged: 'it does not verify: altered, or made with another key, cookie name or audience',
  expired: 'the idle limit has passed since it was issued',
  too_old: 'the absolute limit has passed since the session began',
  from_the_future: 'it was issued more than five minutes ahead of this clock',
  revoked: 'it was ended before its time',
  not_accepted: 'this envelope is not accepted',
  too_large: 'its content would inflate beyond the limit',
  unknown_dictionary: 'it was compressed with a dictionary that was not given',
  corrupt_body: 'what is inside is not a session',
  wrong_record: 'its record is another one',
  invalid_session: 'the session is not what the schema allows',
};

/** @param {import('../index.js').Reason} reason */
export const reasonText = reason => REASONS[reason] ?? reason;

/** Reasons of the clock: what is inside is authentic, and can be shown. */
export const isOfTime = reason => ['expired', 'too_old', 'from_the_future', 'retired_key'].includes(reason);
