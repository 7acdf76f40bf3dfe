"""The Django side of scripts/differential.sh: real sessions of Django's own backends.

    django_side.py write SESSIONS SEED | codec | django_side.py check SESSIONS SEED

`write` signs random sessions as the `signed_cookies` backend and `SessionBase.encode` do, one JSON line each after a
line with the keys. The codec answers each line with what it read and with a cookie and a row of its own. `check` makes
the same sessions again, lets Django read what the codec wrote, and compares meanings: type, order and value of
everything, as `json.dumps` shows it. It fails on the first differences, and if it had nothing to compare.
"""

import json
import platform
import sys
from collections import Counter
from unittest import mock

import django
from django.conf import settings
from sessions import AGE, visit

# Three of one ring, and one that no reader has.
NAMES = ["newest", "older", "oldest", "foreign"]
KEYS = [f"{name} key of a differential run, {'9a8b7c6d5e4f3g2h1j' * 2}" for name in NAMES]
SHOWN = 5  # differences, before it gives up

settings.configure(
    SECRET_KEY=KEYS[0],
    SECRET_KEY_FALLBACKS=KEYS[1:3],
    SESSION_COOKIE_AGE=AGE,
    USE_TZ=True,
    TIME_ZONE="UTC",
)

from django.contrib.sessions.backends import file, signed_cookies  # noqa: E402 (they read the settings)
from django.test.utils import override_settings  # noqa: E402


def write(sessions, seed):
    print(json.dumps({"keys": KEYS[:3], "age": AGE}))
    for index in range(sessions):
        one = visit(seed, index)
        cookie, row = signed(one)
        times = {"signed_at": one.signed_at, "read_at_millis": one.read_at_millis}
        print(json.dumps({"cookie": cookie, "row": row, **times}))


def signed(one):
    """What Django makes of it: the cookie, and the row of a database."""
    with override_settings(SECRET_KEY=KEYS[one.key]), clock(one.signed_at):
        store = signed_cookies.SessionStore()
        for key, value in one.session.items():
            store[key] = value
        if one.expiry is not None:
            store.set_expiry(one.expiry)
        store.save()
        # The file backend, for its encode() is that of db and cached_db and needs no table.
        return store.session_key, file.SessionStore().encode(dict(store.items()))


def signed_again(one, read):
    """The cookie that Django makes of a session it has read."""
    with override_settings(SECRET_KEY=KEYS[one.key]), clock(one.signed_at):
        store = signed_cookies.SessionStore()
        store.update(json.loads(read))
        store.save()
        return store.session_key


def check(sessions, seed):
    counts, differences = Counter(), 0
    for index in range(sessions):
        one = visit(seed, index)
        answer = json.loads(sys.stdin.readline() or "null")
        if answer is None:
            raise SystemExit(f"the codec stopped after {index} of {sessions} sessions")
        for difference in differences_in(one, answer, counts):
            print(f"session {index} of seed {seed}: {difference}", file=sys.stderr)
            differences += 1
        if differences >= SHOWN:
            raise SystemExit("too many differences, the rest was not compared")
    if sys.stdin.readline():
        raise SystemExit("the codec said more than it was asked")
    what = f"Django {django.__version__} on {platform.python_implementation()} {platform.python_version()}"
    print(f"{what}: {sessions} sessions of seed {seed}, {differences} differences")
    for name, count in sorted(counts.items()):
        print(f"  {count:7} {name}")
    expected = ["cookies the codec read", "cookies both refuse", "rows Django read", "cookies that were compressed"]
    lacking = [name for name in expected if not counts[name]]
    if differences or lacking:
        raise SystemExit(f"no case of: {', '.join(lacking)}" if lacking else "there are differences")


def differences_in(one, answer, counts):
    """What the codec and Django see differently in one session."""
    cookie, row = signed(one)
    theirs = read_cookie(cookie, one)
    wanted = meaning_of(dict(file.SessionStore().decode(row))) if one.key < 3 else None
    if theirs is not None and theirs != wanted:
        yield "Django's cookie and row differ"

    # What the codec read of Django's.
    if meaning(answer["cookie_read"]) != theirs:
        yield f"cookie read as {short(answer['cookie_read'])}, Django reads {short(theirs)}"
    if meaning(answer["row_read"]) != wanted:
        yield f"row read as {short(answer['row_read'])}, Django reads {short(wanted)}"
    counts["cookies both refuse" if theirs is None else "cookies the codec read"] += 1
    counts["rows both refuse" if wanted is None else "rows the codec read"] += 1
    if theirs is not None:
        counts[f"cookies under {'the key' if one.key == 0 else 'a fallback'}"] += 1
        counts["cookies that were compressed"] += cookie.startswith(".")

    # What Django reads of the codec's, after the session went through a sealed cookie and, where it was too long for
    # one, a record.
    for key, ours in enumerate(answer["cookies_written"]):
        again = read_cookie(ours, one)
        if again != theirs:
            yield f"cookie written under key {key}: Django reads {short(again)}, wanted {short(theirs)}"
        counts["cookies Django read"] += 1
        if key == one.key and not ours.startswith("."):
            # Where neither is compressed, and keys that JSON cannot keep apart are one already.
            theirs_again = signed_again(one, theirs)
            if ours != theirs_again and not theirs_again.startswith("."):
                yield f"cookie written as {short(ours)}, Django writes {short(theirs_again)}"
            counts["cookies identical to the byte"] += ours == theirs_again
    for key, ours in enumerate(answer["rows_written"]):
        again = meaning_of(file.SessionStore().decode(ours))
        if again != wanted:
            yield f"row written under key {key}: Django reads {short(again)}, wanted {short(wanted)}"
        counts["rows Django read"] += 1
    counts["sessions that spilled into a record on the way"] += answer["spilled"]
    if (theirs is not None) != bool(answer["cookies_written"]) or (wanted is not None) != bool(answer["rows_written"]):
        yield "written without having been read, or read and not written"


def read_cookie(cookie, one):
    """The session of a cookie, as the middleware loads it; None where Django refuses it."""
    store = signed_cookies.SessionStore(cookie)
    refused = []
    # load() answers a bad cookie with a new session and `{}`, which an empty session is, too.
    with clock(one.read_at_millis / 1000), mock.patch.object(store, "create", lambda: refused.append(1)):
        session = store.load()
    return None if refused else meaning_of(session)


def clock(seconds):
    return mock.patch("time.time", lambda: seconds)


def meaning(text):
    return None if text is None else meaning_of(json.loads(text))


def meaning_of(value):
    # Texts differ if a type, an order, a sign of zero or a digit does; NaN equals itself.
    return json.dumps(value)


def short(text):
    return text if text is None or len(text) < 200 else f"{text[:200]}… ({len(text)} characters)"


def main(mode, sessions, seed):
    {"write": write, "check": check}[mode](int(sessions), seed)


if __name__ == "__main__":
    main(*sys.argv[1:])
