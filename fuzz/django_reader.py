"""Django's side of the target differential_django: reads and writes signed values as asked.

Asked:    one byte, four of length (big-endian), that many of text
    l     signing.loads(text)        answered l (json.dumps of it), u (the same, unusual) or r (refused)
    d     signing.dumps(json.loads(text), compress=True)              answered d (the text) or r
Unusual is what Django reads and never writes: docs/FORMAT.md says which of that is refused.
"""

import json
import sys
import zlib

from django.conf import settings
from django.core import signing
from django.core.signing import JSONSerializer, TimestampSigner, b64_decode, b64_encode

LIMIT = 1 << 20
KEY, SALT = sys.argv[1:]


def is_unusual(text):
    payload = text.rsplit(":", 2)[0].encode()
    compressed = payload.startswith(b".")
    encoded = payload[1:] if compressed else payload
    bytes = b64_decode(encoded)
    if b64_encode(bytes) != encoded:
        return True
    if compressed:
        stream = zlib.decompressobj()
        bytes = stream.decompress(bytes)
    return not bytes.isascii() or len(bytes) > LIMIT or depth(bytes) > 900


def depth(bytes):
    """An upper bound: brackets in texts count, too."""
    return bytes.count(b"[") + bytes.count(b"{")


def loads(text):
    try:
        value = signing.loads(text, key=KEY, salt=SALT)
        json_text = dump(value)
    except Exception:  # so does the load() of signed_cookies: an empty time, say, is an IndexError
        return b"r", ""
    return (b"u" if is_unusual(text) else b"l"), json_text


def dumps(text):
    try:
        value = json.loads(text)
        return b"d", signing.dumps(value, key=KEY, salt=SALT, compress=True)
    except (ValueError, RecursionError):
        return b"r", ""


def dump(value):
    return JSONSerializer().dumps(value).decode("latin-1")


def main():
    settings.configure(SECRET_KEY_FALLBACKS=[])
    TimestampSigner.timestamp = lambda self: signing.b62_encode(1_800_000_000)
    asks, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := asks.read(5):
        text = asks.read(int.from_bytes(head[1:], "big")).decode()
        try:
            kind, answer = {b"l": loads, b"d": dumps}[head[:1]](text)
        except Exception as error:  # what is not foreseen is a finding
            kind, answer = b"!", f"{type(error).__name__}: {error}"
        bytes = answer.encode("ascii", "backslashreplace")
        answers.write(kind + len(bytes).to_bytes(4, "big") + bytes)
        answers.flush()


main()
