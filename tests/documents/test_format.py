"""The reader in docs/FORMAT.md, as it stands there, on cookies and records that the codec wrote."""

import base64
import hashlib
import json
import subprocess
import sys

import pytest
from documents import ROOT, snippets

sys.path.append(str(ROOT / "tests/differential"))
from sessions import visit  # noqa: E402 (it lies there)

SECRET = hashlib.sha256(b"a secret of these tests").digest()
ISSUED = 1_800_000_000
DICTIONARY = b'"cart":[{"sku":"","n":}],"text":""abcdefghij0123456789'
# Most sessions of the differential runs have keys that begin with these.
CONFIG = {
    "cookie": {"name": "__Host-s"},
    "audience": "prod",
    "overflow": "spill",
    "rules": [
        {"key": "a*", "secret": True},
        {"key": "key1*", "secret": True},
        {"key": "c*", "max_age": 100},
        {"key": "key2*", "max_age": 100},
    ],
}
CONFIGS = {
    "plain": {**CONFIG, "rules": []},
    "rules": CONFIG,
    "identified, own dictionary, small cookies": {
        **CONFIG,
        "identify": True,
        "budget": 600,
        "write_dictionary": 200,
        "dictionaries": [{"id": 200, "base64": base64.b64encode(DICTIONARY).decode()}],
    },
}


@pytest.fixture(scope="module")
def reader():
    """The names that the description's Python blocks define."""
    names = {}
    for snippet in snippets():
        if snippet.path == "docs/FORMAT.md" and snippet.language == "python":
            exec(compile(snippet.text, str(snippet), "exec"), names)
    names["DICTIONARIES"][200] = DICTIONARY
    return names


@pytest.fixture(autouse=True)
def in_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def session_of(reader, secret, sealed, now):
    session, ends, ticket, session_id = reader["read_cookie"](sealed["cookie"], secret, "__Host-s", "prod", now)
    if ticket:
        record = base64.urlsafe_b64decode(sealed["record"] + "===")
        # The file of the first release has records, and not what they were called.
        if "name" in sealed:
            assert reader["record_name"](ticket, session_id, secret) == sealed["name"]
        session, ends = reader["add_record"](session, ends, ticket, record, secret)
    return reader["live"](session, ends, now)


def sealed(config, sessions):
    """What the codec makes of these sessions."""
    text = base64.urlsafe_b64encode(SECRET).decode().rstrip("=")
    lines = [json.dumps({"config": config, "secret": f"es1_{text}", "issued": ISSUED}), *map(json.dumps, sessions)]
    run = ["cargo", "run", "--quiet", "-p", "session-tests", "--example", "seal"]
    done = subprocess.run(run, input="\n".join(lines), capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", CONFIGS)
def test_what_the_codec_writes_the_python_reader_reads(reader, name):
    sessions = [json.loads(json.dumps(visit("documents", index).session)) for index in range(400)]
    cookies = sealed(CONFIGS[name], sessions)
    assert len(cookies) == len(sessions)
    ended = 0
    for session, cookie in zip(sessions, cookies):
        assert json.dumps(session_of(reader, SECRET, cookie, ISSUED)) == json.dumps(session)
        later = session_of(reader, SECRET, cookie, ISSUED + 100)
        kept = {key: value for key, value in session.items() if not key.startswith(("c", "key2"))}
        assert json.dumps(later) == json.dumps(kept if CONFIGS[name]["rules"] else session)
        ended += len(session) - len(later)
    # Whatever the description has was in them.
    assert any(cookie["record"] for cookie in cookies)
    assert (ended > 0) == bool(CONFIGS[name]["rules"])


def test_cookies_of_the_first_release(reader):
    cases = json.loads((ROOT / "tests/vectors/releases/0.1.0.json").read_text())
    for case in cases:
        session = session_of(reader, bytes(range(32)), case, ISSUED)
        assert json.dumps(session) == json.dumps(json.loads(case["session_json"])), case["id"]
    assert len(cases) == 6


def test_the_python_reader_refuses_what_the_codec_refuses(reader):
    [cookie] = sealed(CONFIG, [{"user": 42, "apple": 1}])
    good = cookie["cookie"]
    arguments = {"text": good, "secret": SECRET, "name": "__Host-s", "audience": "prod", "now": ISSUED}
    assert reader["read_cookie"](**arguments)[0] == {"user": 42, "apple": 1}
    changed = [good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :] for at in range(len(good))]
    refused = [{"text": text} for text in [*changed, good[:-1], good + "A", good + "=", good + "\n", "", "AQ", "é"]]
    refused += [{"secret": bytes(32)}, {"name": "__Host-t"}, {"audience": "test"}]
    refused += [{"now": ISSUED - 301}, {"now": ISSUED + 1_209_601}, {"now": ISSUED + 10, "absolute": 9}]
    for change in refused:
        with pytest.raises(Exception):
            reader["read_cookie"](**{**arguments, **change})
    for change in [{"now": ISSUED - 300}, {"now": ISSUED + 1_209_600}, {"now": ISSUED + 10, "absolute": 10}]:
        reader["read_cookie"](**{**arguments, **change})
