"""Header checks: names and values however they are spelt, extensions, and the choice among many keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cyjwt
from bench import baseline
from cyjwt._engine.header import HeaderRules
from tests.support import forge, good_claims, pair
from tests.unit.test_claims import escaped, spellings

HS256 = pair("HS256")
PAYLOAD = json.dumps(good_claims()).encode()


def token(header: str) -> str:
    return HS256.forge(header.encode(), PAYLOAD)


def verify(header: str, **options: Any) -> dict[str, Any]:
    read = HS256.verifier(**options).verify_complete(token(header))
    assert read.header == json.loads(header)
    return read.header


def refuse(header: str, error: type[cyjwt.InvalidTokenError], code: str, **options: Any) -> None:
    with pytest.raises(error) as caught:
        HS256.verifier(**options).verify(token(header))
    assert caught.type is error
    assert (caught.value.code, caught.value.claim) == (code, None)


UNKNOWN = (cyjwt.InvalidAlgorithmError, "invalid_algorithm")
UNEXPECTED_TYPE = (cyjwt.InvalidTokenError, "invalid_type")


def test_alg_however_it_is_spelt() -> None:
    for body in spellings("HS256"):
        verify(f'{{"alg":"{body}"}}')
        verify(f'{{"{escaped("alg")}":"{body}"}}')
        for wrong in (body + "\\u0000", body + " ", "\\u0000" + body, body + body, body[:-1]):
            with pytest.raises((cyjwt.InvalidAlgorithmError, cyjwt.DecodeError)):
                HS256.verifier().verify(token(f'{{"alg":"{wrong}"}}'))
    for body in spellings("none"):
        refuse(f'{{"alg":"{body}"}}', *UNKNOWN)


def test_alg_counts_in_the_outermost_object_alone() -> None:
    refuse('{"x":{"alg":"HS256"}}', *UNKNOWN)
    refuse('{"x":[{"alg":"HS256"}],"alg ":"HS256","Alg":"HS256"}', *UNKNOWN)
    verify('{"x":{"alg":"none","crit":["y"],"b64":false,"kid":1,"typ":2},"alg":"HS256"}')


def test_the_order_of_members_does_not_matter() -> None:
    members = [
        '"alg":"HS256"',
        '"typ":"at+jwt"',
        '"kid":"a"',
        '"x":{"y":[1,2]}',
        '"crit":["x"]',
        '"b64":true',
    ]
    for turn in range(len(members)):
        turned = members[turn:] + members[:turn]
        verify("{" + ",".join(turned) + "}", type="at+jwt", critical=["x"])
        verify("{ " + " ,\t".join(turned[::-1]) + "\n}", type="at+jwt", critical=["x"])


# -- typ


def test_typ_however_it_is_spelt() -> None:
    for text in ("at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+Jwt"):
        for body in spellings(text):
            verify(f'{{"alg":"HS256","typ":"{body}"}}', type="at+jwt")
            verify(f'{{"alg":"HS256","typ":"{body}"}}', type="application/AT+jwt")
            for wrong in (body + " ", body + "\\u0000", body + "x", "x/" + body, body[:-1]):
                with pytest.raises((cyjwt.InvalidTokenError, cyjwt.DecodeError)):
                    HS256.verifier(type="at+jwt").verify(token(f'{{"alg":"HS256","typ":"{wrong}"}}'))


def test_application_is_left_out_only_where_no_other_slash_follows() -> None:
    """RFC 7515 section 4.1.9."""
    verify('{"alg":"HS256","typ":"application/a/b"}', type="application/a/b")
    refuse('{"alg":"HS256","typ":"a/b"}', *UNEXPECTED_TYPE, type="application/a/b")
    refuse('{"alg":"HS256","typ":"application/a/b"}', *UNEXPECTED_TYPE, type="a/b")
    verify('{"alg":"HS256","typ":"text/x"}', type="TEXT/x")
    refuse('{"alg":"HS256","typ":"x"}', *UNEXPECTED_TYPE, type="text/x")


@pytest.mark.parametrize("size", [1, 12, 13, 243, 244, 255, 256])
def test_a_typ_of_any_size_up_to_256_octets(size: int) -> None:
    text = "t" * size
    verify(f'{{"alg":"HS256","typ":"{text}"}}', type=text)
    refuse(f'{{"alg":"HS256","typ":"{text}t"}}', *UNEXPECTED_TYPE, type=text)
    refuse(f'{{"alg":"HS256","typ":"{"x" * 5000}"}}', *UNEXPECTED_TYPE, type=text)


@pytest.mark.parametrize("text", ["é", "É", "ÀÉÎ+1", "\u212a", "ß", "İ", "😀"])
def test_a_typ_that_is_not_ascii_is_equal_to_itself_alone(text: str) -> None:
    """Case does not count in ASCII, which is all that a media type is made of (RFC 6838 section 4.2)."""
    verify(f'{{"alg":"HS256","typ":"{text}"}}', type=text)
    for other in {text.lower(), text.upper(), text.casefold(), "k", "ss", "i"} - {text}:
        refuse(f'{{"alg":"HS256","typ":"{other}"}}', *UNEXPECTED_TYPE, type=text)


def test_application_alone_is_a_typ_like_others() -> None:
    verify('{"alg":"HS256","typ":"application/"}', type="application/")
    refuse('{"alg":"HS256","typ":""}', *UNEXPECTED_TYPE, type="application/")


# -- crit


def test_crit_in_any_number() -> None:
    names = [f"ext-{i}" for i in range(27)]
    members = ",".join(f'"{name}":{i}' for i, name in enumerate(names))
    crit = json.dumps(names)
    verify(f'{{"alg":"HS256",{members},"crit":{crit}}}', critical=names)
    verify(f'{{"alg":"HS256","crit": [ "ext-26" ] ,{members}}}', critical=names)
    refuse(
        f'{{"alg":"HS256",{members},"crit":{crit}}}',
        cyjwt.InvalidTokenError,
        "unsupported_crit",
        critical=names[:-1],
    )
    for missing in (0, 13, 26):
        left = ",".join(f'"{name}":{i}' for i, name in enumerate(names) if i != missing)
        refuse(f'{{"alg":"HS256",{left},"crit":{crit}}}', cyjwt.DecodeError, "invalid_crit", critical=names)
    for twice in (0, 13, 26):
        doubled = json.dumps([*names, names[twice]])
        header = f'{{"alg":"HS256",{members},"crit":{doubled}}}'
        refuse(header, cyjwt.DecodeError, "invalid_crit", critical=names)
    with pytest.raises(ValueError, match="27"):
        HS256.verifier(critical=[*names, "one-more"])


def test_crit_however_it_is_spelt() -> None:
    for name in ("x", "é", "https://example.com/ext", "😀"):
        for body in spellings(name):
            verify(f'{{"alg":"HS256","{body}":null,"crit":["{body}"]}}', critical=[name])
            wrong = f'{{"alg":"HS256","{body}":null,"crit":["{body}x"]}}'
            refuse(wrong, cyjwt.InvalidTokenError, "unsupported_crit", critical=[name])
    for body in spellings("alg"):
        refuse(f'{{"alg":"HS256","crit":["{body}"]}}', cyjwt.DecodeError, "invalid_crit")


@pytest.mark.parametrize(
    "name", ["alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"]
)
def test_crit_must_not_name_what_is_registered(name: str) -> None:
    header = json.dumps(
        {"alg": "HS256", "crit": ["x", name], "x": 1} | ({name: "a"} if name != "crit" else {})
    )
    if name == "alg":
        header = '{"alg":"HS256","crit":["x","alg"],"x":1}'
    refuse(header, cyjwt.DecodeError, "invalid_crit", critical=["x"])


# -- kid, and the choice of the key


def secret(i: int) -> bytes:
    return i.to_bytes(4, "big") * 8


def signed(i: int, kid: str | None, spelt: str | None = None) -> str:
    body = "" if kid is None else f',"kid":{spelt or json.dumps(kid)}'
    key = baseline.Key.from_secret(secret(i))
    return forge(f'{{"alg":"HS256"{body}}}'.encode(), json.dumps({"n": i}).encode(), key)


def test_two_hundred_kids() -> None:
    keys = [cyjwt.Key.from_secret(secret(i), kid=f"key-{i:03}") for i in range(200)]
    verifier = cyjwt.Verifier(cyjwt.KeySet(keys), algorithms=["HS256"], required=())
    for _ in range(2):
        for i in range(200):
            assert verifier.verify(signed(i, f"key-{i:03}")) == {"n": i}
    for i in range(0, 200, 7):
        with pytest.raises(cyjwt.InvalidSignatureError):
            verifier.verify(signed(i, f"key-{(i + 1) % 200:03}"))
        for kid in (f"key-{i + 200}", f"key-{i:03} ", f"KEY-{i:03}", f"key-{i:02}x", "", f"key-{i:03}\0"):
            with pytest.raises(cyjwt.KeyNotFoundError) as caught:
                verifier.verify(signed(i, kid))
            assert caught.value.code == "key_not_found"
    with pytest.raises(cyjwt.KeyNotFoundError) as caught:
        verifier.verify(signed(0, None))
    assert caught.value.code == "key_ambiguous"


def test_kids_however_they_are_spelt() -> None:
    kids = [
        "",
        "a",
        "é",
        "😀",
        "a b",
        '"',
        "\\",
        "\x00",
        "a\x00",
        "../../etc/passwd",
        "x" * 3000,
        "a" * 8,
        "a" * 9,
    ]
    keys = [cyjwt.Key.from_secret(secret(i), kid=kid) for i, kid in enumerate(kids)]
    verifier = cyjwt.Verifier(keys, algorithms=["HS256"], required=())
    for i, kid in enumerate(kids):
        for body in spellings(kid):
            assert verifier.verify(signed(i, kid, f'"{body}"')) == {"n": i}


def test_keys_without_a_kid_serve_tokens_without_one() -> None:
    keys = [cyjwt.Key.from_secret(secret(1)), cyjwt.Key.from_secret(secret(2), kid="two", algorithm="HS256")]
    verifier = cyjwt.Verifier(keys, algorithms=["HS256"], required=())
    with pytest.raises(cyjwt.KeyNotFoundError) as caught:
        verifier.verify(signed(1, None))
    assert caught.value.code == "key_ambiguous"
    assert verifier.verify(signed(2, "two")) == {"n": 2}
    with pytest.raises(cyjwt.KeyNotFoundError) as caught:
        verifier.verify(signed(1, ""))
    assert caught.value.code == "key_not_found"
    alone = cyjwt.Verifier(keys[:1], algorithms=["HS256"], required=())
    assert alone.verify(signed(1, None)) == {"n": 1}
    with pytest.raises(cyjwt.KeyNotFoundError):
        alone.verify(signed(1, "one"))
    assert cyjwt.Verifier(keys[0], required=()).verify(signed(1, "one")) == {"n": 1}


def test_the_same_key_twice_in_a_set_is_no_ambiguity() -> None:
    keys = [cyjwt.Key.from_secret(secret(1), kid="a"), cyjwt.Key.from_secret(secret(1), kid="a")]
    verifier = cyjwt.Verifier(keys, required=())
    assert verifier.verify(signed(1, "a")) == {"n": 1}
    assert verifier.verify(signed(1, None)) == {"n": 1}


def test_the_algorithm_selects_among_keys_of_one_kid() -> None:
    names = ["HS256", "ES256", "EdDSA", "ES384"]
    keys = {name: cyjwt.Key.generate(name, kid="a") for name in names}
    verifier = cyjwt.Verifier(
        [key if key.kty == "oct" else key.public() for key in keys.values()], required=()
    )
    for name, key in keys.items():
        made = cyjwt.encode({"n": name}, key, name)
        assert verifier.verify(made) == {"n": name}
    with pytest.raises(cyjwt.InvalidAlgorithmError):
        verifier.verify(cyjwt.encode({}, cyjwt.Key.generate("RS256", kid="a"), "RS256"))


def test_header_rules_check_the_types_of_their_arguments() -> None:
    good: list[Any] = [(("a", (1,)),), False, (1,), None, ()]
    HeaderRules(*good)
    wrong: list[tuple[int, Any]] = [(0, [("a", (1,))]), (0, ((1, (1,)),)), (0, (("a", ("x",)),)), (0, (1,))]
    wrong += [(2, [1]), (2, ("HS256",)), (3, 1), (3, b"x"), (4, ["x"]), (4, "x"), (4, (1,))]
    for at, value in wrong:
        with pytest.raises((TypeError, ValueError)):
            HeaderRules(*(value if i == at else each for i, each in enumerate(good)))
    for arguments in ([], good[:-1], [*good, 1]):
        with pytest.raises(TypeError):
            HeaderRules(*arguments)
