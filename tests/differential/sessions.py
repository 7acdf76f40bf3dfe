"""Random sessions: session `index` of a seed is always the same one, whoever asks for it."""

import datetime
import random
import struct
import sys
from dataclasses import dataclass

# SESSION_COOKIE_AGE, Django's default.
AGE = 1_209_600

# Letters that JSON, base64 and cookies treat in ways of their own.
ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz",
    'a"\\/\b\f\n\r\t\0\x1f\x7f :;,={}[]',
    "äéßñçøЖщλ中文日本語한국어\u00ad\u2028\u2029\ufeff\uffff",
    "🎉😀𝔘𐍈🏳️‍🌈\U0010ffff",
    "".join(map(chr, [0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xD83C, 0xDF89])) + "x",
]
FLOATS = [0.0, -0.0, 0.1, 1.0, 1e16, 1e-07, 123456789012345680.0, 5e-324, 1.7976931348623157e308]
# Keys that Python keeps apart and JSON does not.
ALIKE = [1, "1", True, "true", None, "null", 1.5, "1.5", False, "false", 0, "0", float("nan"), "NaN"]
# CPython 3.11 has no deeper recursion to spare in its JSON writer than this with room for callers.
DEEPEST = 150
LONGEST_INTEGER = sys.get_int_max_str_digits()


@dataclass(frozen=True)
class Visit:
    """One session and what happens to it: who signs it when, and when it is read."""

    session: dict
    expiry: object  # what `set_expiry` is called with; None: it is not called
    key: int  # 0 the secret key, 1 and 2 fallbacks, 3 a key that the reader has not got
    signed_at: int  # whole seconds
    read_at_millis: int


def visit(seed, index):
    chance = random.Random(f"{seed}/{index}")
    signed_at = chance.randrange(1_500_000_000, 2_000_000_000)
    age = chance.choice([0, 1, 60, 3600, chance.randrange(AGE), AGE - 1, AGE, AGE + 1, AGE * 2])
    # Most are read in time; the rest at the edges of it, to a millisecond.
    age_millis = age * 1000 + chance.choice([-1, 0, 1]) if chance.random() < 0.2 else 60_000
    kind = chance.choices([empty, log_in, flat, nested, alike, long, deep], [1, 12, 30, 30, 12, 12, 3])[0]
    return Visit(
        session=kind(chance),
        expiry=expiry(chance, signed_at) if chance.random() < 0.2 else None,
        key=chance.choices([0, 1, 2, 3], [70, 15, 10, 5])[0],
        signed_at=signed_at,
        read_at_millis=signed_at * 1000 + age_millis,
    )


def expiry(chance, now):
    date = datetime.datetime.fromtimestamp(now + chance.randrange(10**6), datetime.timezone.utc)
    return chance.choice([0, 300, 10**8, date, date.replace(microsecond=chance.randrange(10**6))])


def empty(_):
    return {}


def log_in(chance):
    return {
        "_auth_user_id": str(chance.randrange(10**6)),
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": f"{chance.getrandbits(256):064x}",
        **({"cart": [{"sku": text(chance, 8), "n": chance.randrange(9)}]} if chance.random() < 0.5 else {}),
    }


def flat(chance):
    return {text(chance, 12): scalar(chance) for _ in range(chance.randrange(1, 20))}


def nested(chance):
    return {text(chance, 12): value(chance, 4) for _ in range(chance.randrange(1, 9))}


def alike(chance):
    return {key: scalar(chance) for key in chance.sample(ALIKE, chance.randrange(2, len(ALIKE)))}


def long(chance):
    """What a cookie cannot hold, from what compresses to nothing to what hardly does."""
    size = chance.choice([1_000, 4_000, 16_000, 60_000])
    if chance.random() < 0.5:
        return {"text": text(chance, 40) * (size // 40), "n": 1}
    return {f"key{n}": f"{chance.getrandbits(160):040x}" for n in range(size // 50)}


def deep(chance):
    inner = scalar(chance)
    for _ in range(chance.randrange(20, DEEPEST)):
        inner = [inner] if chance.random() < 0.5 else {text(chance, 3): inner}
    return {"deep": inner}


def value(chance, levels):
    if levels == 0 or chance.random() < 0.5:
        return scalar(chance)
    if chance.random() < 0.5:
        return [value(chance, levels - 1) for _ in range(chance.randrange(6))]
    return {text(chance, 8): value(chance, levels - 1) for _ in range(chance.randrange(6))}


def scalar(chance):
    return chance.choice([text, text, integer, number, constant])(chance, 30)


def text(chance, longest):
    alphabet = chance.choice(ALPHABETS)
    return "".join(chance.choice(alphabet) for _ in range(chance.randrange(longest + 1)))


def integer(chance, _):
    digits = chance.choice([1, 3, 16, 19, 20, 40, 400, LONGEST_INTEGER] if chance.random() < 0.1 else [1, 5, 18])
    return chance.choice([1, -1]) * chance.randrange(10**digits)


def number(chance, _):
    if chance.random() < 0.3:
        return chance.choice(FLOATS)
    # Any 64 bits: with NaN, the infinities and subnormal numbers among them.
    return struct.unpack("d", chance.randbytes(8))[0] if chance.random() < 0.7 else chance.uniform(-1e6, 1e6)


def constant(chance, _):
    return chance.choice([None, True, False, float("nan"), float("inf"), float("-inf"), [], {}])
