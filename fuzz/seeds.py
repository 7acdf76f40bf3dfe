"""Writes fuzz/seeds/<target>/: a few dozen short inputs, made of the vectors in tests/vectors.

The sealed ones are as the build that verifies nothing reads them: not encrypted, the tag all zeros.
"""

import base64
import hashlib
import json
import pathlib
import shutil
import struct
import zlib

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "tests" / "vectors"
SEEDS = HERE / "seeds"
HEAD = b"\x01\x92\xa1\x91\xb5" + bytes(24)  # the key of fuzz/src/stand.rs
ISSUED = struct.pack(">I", 1_799_999_000)
CREATED = struct.pack(">I", 1_799_990_000)
DICTIONARY = (HERE.parent / "codec/src/compress/dictionary/1.txt").read_bytes()


def vectors(name):
    return json.loads((VECTORS / name).read_text())


def pick(name, wanted):
    found = {case["id"]: case for case in vectors(name) if case["id"] in wanted}
    assert len(found) == len(wanted), wanted
    return [found[one] for one in wanted]


def raw_deflate(octets, dictionary=b""):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, *([dictionary] if dictionary else []))
    return deflate.compress(octets) + deflate.flush()


def sealed(inner):
    return HEAD + inner + bytes(16)


def split(plain, positions, rest):
    part = struct.pack(f">H{len(positions)}H", len(positions), *positions) + plain
    return struct.pack(">H", len(part)) + part + raw_deflate(rest)


def proof(header, payload):
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), bytes(64)]
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


JWK = {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
PROOFS = {
    "shown": proof({"alg": "ES256", "typ": "dbsc+jwt"}, {"jti": "challenge"}),
    "registered": proof({"alg": "ES256", "typ": "dbsc+jwt", "jwk": JWK}, {"jti": "challenge"}),
    "quoted": b'"' + proof({"alg": "ES256", "typ": "dbsc+jwt"}, {"jti": "challenge", "iat": 1}) + b'"',
    "none": proof({"alg": "none", "typ": "dbsc+jwt"}, {"jti": "challenge"}),
    "private": proof({"alg": "ES256", "typ": "dbsc+jwt", "jwk": {**JWK, "d": JWK["x"]}}, {"jti": "challenge"}),
}

AUTH = b'{"_auth_user_id":"42","_auth_user_backend":"django.contrib.auth.backends.ModelBackend"}'
LONG = b'{"a":"' + b"A" * 70_000 + b'"}'
SID = bytes(range(16))
TICKET = bytes(range(16)) + struct.pack(">I", 7) + bytes(16)
ENDS = b'{"a":1,"b":2,"_edge_ends":{"b":1800000500,"a":1700000000}}'

INNER = {
    "plain": b"\x02" + ISSUED + CREATED + b'{"u":42}',
    "deflated": b"\x03" + ISSUED + CREATED + raw_deflate(AUTH),
    "dictionary": b"\x43" + ISSUED + CREATED + b"\x01" + raw_deflate(AUTH, DICTIONARY),
    "sid-padded": b"\x0c" + ISSUED + SID + b'{"u":[1,null,-0.5e3]}' + b"\x80\0\0",
    "ticket": b"\x12" + ISSUED + CREATED + TICKET + b"{}",
    "split": b"\x22" + ISSUED + CREATED + split(b'{"secret":"x"}', [1], b'{"a":1,"b":2}'),
    "ends": b"\x02" + ISSUED + CREATED + ENDS,
    "bomb": b"\x01" + ISSUED + raw_deflate(LONG),
}
PREVIOUS = bytes(range(24))
RECORD = {
    "plain": b"\x00" + bytes(24) + struct.pack(">HH", 1, 1) + b'{"big":"value"}',
    "deflated": b"\x01" + PREVIOUS + struct.pack(">HHH", 2, 0, 3) + raw_deflate(b'{"x":1,"y":[2]}'),
    "dictionary": b"\x41\x01" + PREVIOUS + struct.pack(">HH", 1, 9) + raw_deflate(AUTH, DICTIONARY),
    "split": b"\x20" + bytes(24) + struct.pack(">HH", 1, 0) + split(b'{"s":"x"}', [1], b'{"p":1}'),
    "ends": b"\x00" + bytes(24) + struct.pack(">HHHH", 3, 0, 1, 2) + ENDS,
    "same-keys": b"\x00" + bytes(24) + struct.pack(">HHH", 2, 2, 1) + b'{"a":2,"a":3,"b":null}',
    "bomb": b"\x01" + bytes(24) + struct.pack(">H", 0) + raw_deflate(b'{"a":"' + b"A" * 1_100_000 + b'"}'),
}
DJANGO = ["empty", "auth", "cart-5", "nested-objects", "negative-zero", "escape-keys"]
HEADERS = {
    "ours-among-others": b"theme=dark; __Host-s=AZKhkbU; csrftoken=abc",
    "spaces": b" a = b ;;\t; =c; d; e==f; sessionid=",
    "look-alikes": b"__host-s=1; __Host-s =2; %5F_Host-s=3; =__Host-s=4; \xe2\x80\x80__Host-s=5; $Version=1",
    "quoted": b'sessionid="a;b"; $sessionid=c; SESSIONID=d',
}
CONFIGS = {
    "default": "{}",
    "small": '{"budget":400,"overflow":"spill","identify":true,"compress_from":0}',
    "rules": '{"overflow":"drop","rules":[{"key":"user","priority":"critical"},{"key":"secret","secret":true,'
    '"max_age":60},{"key":"c*","priority":"optional","max_octets":9,"overflow":"spill"}]}',
    "django": '{"write":"django","accept":[{"envelope":"django"},{"envelope":"sealed","until":5}],"overflow":"spill"}',
    "limits": '{"limits":{"cookie_octets":300,"record_octets":900,"json_depth":3},"overflow":"spill"}',
    "cookie": '{"cookie":{"name":"s","secure":false,"path":"/a","domain":"a.example","same_site":"strict"}}',
    "dictionary": '{"dictionaries":[{"id":200,"base64":"eyJ1c2VyIjo0Mg=="}],"write_dictionary":200}',
}


def write(target, name, octets):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(octets)


def libfuzzer_pair(first, second):
    """Two texts as `arbitrary` reads them: the length of the first stands at the end."""
    octets = 1 if len(first + second) < 256 else 2
    return first + second + len(first).to_bytes(octets, "big")


def main():
    shutil.rmtree(SEEDS, ignore_errors=True)
    for name, inner in INNER.items():
        write("decode_sealed", name, sealed(inner))
    write("ticket", "octets", TICKET)
    write("ticket", "django", b"\x92\xa1\x91\xb5" + TICKET)
    write("ticket", "text", base64.urlsafe_b64encode(b"\x92\xa1\x91\xb5" + TICKET).rstrip(b"="))
    for name, inner in RECORD.items():
        write("store_record", name, inner)
    write("store_record", "frame", struct.pack(">Q", 1_800_000_001) + b"record")
    for case in pick("django/signed_cookies.json", DJANGO):
        name = case["id"]
        payload, _ = case["cookie"].split(":", 1)
        write("decode_django", name, case["cookie"].encode())
        write("decode_django", f"{name}-payload", payload.encode())
        write("json", name, case["session_json"].encode())
        for form in range(1, 4):
            text = payload if form == 1 else case["session_json"]
            write("differential_django", f"{name}-{form}", bytes([form]) + text.encode())
        octets = case["session_json"].encode()
        write("inflate_bounded", name, zlib.compress(octets))
    write("inflate_bounded", "bomb", zlib.compress(b'"' + b"A" * 100_000 + b'"'))
    write("json", "odd", rb'{"a": NaN, "\ud800": -Infinity, "b\u00e9": 1e999, "": [[[-0, 1E+2, "\/"]]], "a": 2}')
    for name, header in HEADERS.items():
        write("cookie_header", name, header)
    lines = {case["set_cookie"][0] for case in vectors("django/set_cookie.json") if case.get("set_cookie")}
    for line in sorted(lines, key=lambda line: hashlib.sha256(line.encode()).digest())[:4]:
        write("set_cookie", hashlib.sha256(line.encode()).hexdigest()[:8], line.encode())
    for name, text in PROOFS.items():
        write("device_proof", name, text)
    for name, settings in CONFIGS.items():
        write("config", name, libfuzzer_pair(settings.encode(), b'{"user":1,"secret":"x","cart":[1,2]}'))
    count = sum(1 for path in SEEDS.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in SEEDS.rglob("*") if path.is_file())
    print(f"{count} seeds, {size} octets")


main()
