"""Claim checks over the text of the claims: escapes, white space, places, and the bounds of a policy."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cyjwt
from cyjwt._engine.claims import REGISTERED, ClaimRules
from tests.support import NOW, pair

HS256 = pair("HS256")


def token(payload: str) -> str:
    return HS256.forge(b'{"alg":"HS256"}', payload.encode())


def verify(payload: str, **options: Any) -> dict[str, Any]:
    options.setdefault("required", ())
    claims = HS256.verifier(**options).verify(token(payload))
    assert claims == json.loads(payload)
    return claims


def refuse(payload: str, error: type[cyjwt.InvalidTokenError], code: str, claim: str, **options: Any) -> None:
    options.setdefault("required", ())
    with pytest.raises(error) as caught:
        HS256.verifier(**options).verify(token(payload))
    assert caught.type is error
    assert (caught.value.code, caught.value.claim) == (code, claim)


def escaped(text: str, upper: bool = False) -> str:
    """The text with every character as ``\\u`` escapes."""
    units = text.encode("utf-16-be")
    digits = "{:02X}{:02X}" if upper else "{:02x}{:02x}"
    return "".join("\\u" + digits.format(units[i], units[i + 1]) for i in range(0, len(units), 2))


#: Texts whose every spelling must be equal to them, and to nothing else.
TEXTS = ["a", "orders", "https://issuer.example/", "é", "€uro", "😀", "a😀b", '"\\/', "\b\f\n\r\t", "x" * 300]
TEXTS += ["\x00", "a\x00b", "\u0800", "\ud7ff", "\ue000", "\uffff", "𐀀", "\U0010ffff", "aé€😀\x7f"]


def spellings(text: str) -> list[str]:
    mixed = "".join(escaped(c, True) if i % 2 else json.dumps(c)[1:-1] for i, c in enumerate(text))
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    return [
        plain,
        json.dumps(text)[1:-1],
        escaped(text),
        escaped(text, True),
        mixed,
        plain.replace("/", "\\/"),
    ]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_names_are_compared_as_text_however_they_are_spelt(text: str) -> None:
    for body in spellings(text):
        verify(f'{{"iss":"{body}"}}', issuer=text)
        verify(f'{{"sub":"{body}"}}', subject=text)
        verify(f'{{"aud":"{body}"}}', audience=text)
        verify(f'{{"aud":["other","{body}"]}}', audience=["x", text])
        for wrong in (body + "x", "x" + body, body + "\\u0000", body + body, body + "\\ud83d\\ude00", ""):
            payload = f'{{"iss":"{wrong}"}}'
            refuse(payload, cyjwt.InvalidIssuerError, "invalid_issuer", "iss", issuer=[text, text + "y"])
            refuse(
                f'{{"aud":["{wrong}"]}}', cyjwt.InvalidAudienceError, "invalid_audience", "aud", audience=text
            )
            payload = f'{{"sub":"{wrong}"}}'
            refuse(payload, cyjwt.InvalidSubjectError, "invalid_subject", "sub", subject=text)


@pytest.mark.parametrize("text", ["é", "€", "😀", "aé", "a😀"])
def test_a_cut_of_a_character_is_no_match(text: str) -> None:
    """The comparison goes octet by octet where it can; it must not stop inside a character."""
    octets = text.encode()
    for other in ("ê", "€€", "😁", "aê", "a😁", "à", "\u20ad"):
        assert other.encode() != octets
        for body in spellings(other):
            refuse(f'{{"iss":"{body}"}}', cyjwt.InvalidIssuerError, "invalid_issuer", "iss", issuer=text)


def test_names_of_claims_are_found_however_they_are_spelt() -> None:
    for name in REGISTERED:
        for spelt in (
            escaped(name),
            escaped(name, True),
            name[0] + escaped(name[1:]),
            escaped(name[:-1]) + name[-1],
        ):
            with pytest.raises(cyjwt.InvalidTokenError) as caught:
                HS256.verifier(required=()).verify(token(f'{{"{spelt}":[1]}}'))
            assert caught.value.claim == name
    verify(f'{{"{escaped("exp")}":{NOW + 1}}}', required=("exp",))
    verify(f'{{"{escaped("scope")}":"x"}}', required=("scope",))


def test_names_that_are_almost_registered_mean_nothing() -> None:
    for name in REGISTERED:
        for other in (
            name + " ",
            " " + name,
            name.upper(),
            name + "\\u0000",
            name[:-1],
            name + name,
            name[::-1],
        ):
            verify(f'{{"{other}":["x"]}}')


def test_registered_claims_count_in_the_outermost_object_alone() -> None:
    inner = '{"exp":1,"nbf":9e9,"iat":"x","iss":1,"aud":2,"sub":3,"jti":4}'
    verify(f'{{"a":{inner},"b":[{inner},[{inner}]],"exp":{NOW + 1}}}', required=("exp",))
    payload = f'{{"a":{inner}}}'
    refuse(payload, cyjwt.MissingRequiredClaimError, "missing_claim", "exp", required=("exp",))
    refuse(payload, cyjwt.MissingRequiredClaimError, "missing_claim", "aud", audience="orders")


def test_white_space_around_everything() -> None:
    gap = " \t\r\n"
    payload = gap + gap.join(
        ["{", '"aud"', ":", "[", '"a"', ",", '"orders"', "]", ",", '"exp"', ":", f"{NOW + 1}", "}"]
    )
    verify(payload + gap, audience="orders", required=("exp", "aud"))
    refuse('{"aud": [ ] }', cyjwt.InvalidAudienceError, "invalid_audience", "aud")


def test_a_long_list_of_audiences() -> None:
    many = [f"audience-{i}" for i in range(2000)]
    verify(json.dumps({"aud": many}), audience="audience-1999")
    verify(json.dumps({"aud": "audience-1999"}), audience=many)
    verify(json.dumps({"iss": "audience-0"}), issuer=many)
    refuse(
        json.dumps({"aud": many}),
        cyjwt.InvalidAudienceError,
        "invalid_audience",
        "aud",
        audience="audience-2000",
    )


def test_the_type_of_every_audience_counts_whichever_matches() -> None:
    for bad in ("1", "null", "true", "{}", "[]", '["orders"]'):
        for payload in (f'{{"aud":["orders",{bad}]}}', f'{{"aud":[{bad},"orders"]}}'):
            refuse(payload, cyjwt.InvalidAudienceError, "invalid_audience", "aud", audience="orders")


def test_required_claims_in_any_number() -> None:
    names = [f"claim-{i}" for i in range(25)]
    claims = dict.fromkeys(names, 0) | {
        "exp": NOW + 1,
        "iss": "i",
        "sub": "s",
        "iat": 1,
        "nbf": 1,
        "jti": "j",
    }
    required = [*names, "exp", "iss", "sub", "iat", "nbf", "jti"]
    verify(json.dumps(claims), required=required)
    for name in required:
        left = json.dumps({n: v for n, v in claims.items() if n != name})
        refuse(left, cyjwt.MissingRequiredClaimError, "missing_claim", name, required=required)
        null = json.dumps({**claims, name: None})
        refuse(null, cyjwt.MissingRequiredClaimError, "missing_claim", name, required=required)
    with pytest.raises(ValueError, match="25"):
        HS256.verifier(required=[*names, "one-more"])


def test_required_claims_with_unusual_names() -> None:
    for name in [
        "é",
        "😀",
        "a b",
        '"',
        "\\",
        "\x00",
        "x" * 500,
        "12345678",
        "123456789",
        "https://example.com/role",
    ]:
        verify(json.dumps({name: 0}), required=(name,))
        verify(json.dumps({name: 0}, ensure_ascii=False), required=(name, name))
        payload = json.dumps({name + "x": 0, "x" + name: 0, name.upper() + "y": 0})
        refuse(payload, cyjwt.MissingRequiredClaimError, "missing_claim", name, required=(name,))


def test_a_required_claim_may_hold_anything_but_null() -> None:
    for value in ("0", "false", '""', "[]", "{}", "-0.0", "1e-300"):
        verify(f'{{"x":{value}}}', required=("x",))


def test_leeway_counts_for_each_date_once() -> None:
    for leeway in (0.5, 10, 2.25):
        verify(f'{{"exp":{NOW - leeway + 0.25}}}', leeway=leeway)
        refuse(f'{{"exp":{NOW - leeway}}}', cyjwt.ExpiredSignatureError, "expired", "exp", leeway=leeway)
        for name in ("nbf", "iat"):
            verify(f'{{"{name}":{NOW + leeway}}}', leeway=leeway)
            payload = f'{{"{name}":{NOW + leeway + 0.25}}}'
            refuse(payload, cyjwt.ImmatureSignatureError, "immature", name, leeway=leeway)
        verify(f'{{"iat":{NOW - 60 - leeway}}}', leeway=leeway, max_age=60)
        payload = f'{{"iat":{NOW - 60 - leeway - 0.25}}}'
        refuse(payload, cyjwt.ExpiredSignatureError, "too_old", "iat", leeway=leeway, max_age=60)


def test_max_age_needs_iat() -> None:
    refuse("{}", cyjwt.MissingRequiredClaimError, "missing_claim", "iat", max_age=0)
    verify(f'{{"iat":{NOW}}}', max_age=0)
    refuse(f'{{"iat":{NOW - 1}}}', cyjwt.ExpiredSignatureError, "too_old", "iat", max_age=0)


@pytest.mark.parametrize(
    "text", ["1e10", "1.91e9", "1900000001", "1900000001.0", "19000000010e-1", "0.190000001E10"]
)
def test_dates_in_every_spelling(text: str) -> None:
    verify(f'{{"exp":{text}}}')


@pytest.mark.parametrize(
    "text", ["1" + "0" * 17, "1" + "0" * 18, "9" * 400, "-1", "-" + "9" * 30, "253402300800"]
)
def test_dates_out_of_range(text: str) -> None:
    for name, error, code in [
        ("exp", cyjwt.DecodeError, "invalid_exp"),
        ("nbf", cyjwt.DecodeError, "invalid_nbf"),
        ("iat", cyjwt.InvalidIssuedAtError, "invalid_iat"),
    ]:
        refuse(f'{{"{name}":{text}}}', error, code, name)
    verify('{"exp":253402300799,"nbf":0,"iat":-0}')


def test_rules_own_what_they_were_made_of() -> None:
    """The texts that C points to live as long as the rules, whatever becomes of the caller's."""
    import gc

    rules = [
        HS256.verifier(issuer=[f"issuer-{i}-{j}" for j in range(50)], subject=f"subject-{i}", required=())
        for i in range(50)
    ]
    gc.collect()
    junk = [f"issuer-{i}-x" * 3 for i in range(5000)]
    for i, verifier in enumerate(rules):
        claims = {"iss": f"issuer-{i}-{i}", "sub": f"subject-{i}"}
        assert verifier.verify(token(json.dumps(claims))) == claims
        with pytest.raises(cyjwt.InvalidIssuerError):
            verifier.verify(token(json.dumps({**claims, "iss": f"issuer-{i}-50"})))
    assert len(junk) == 5000


def test_claim_rules_check_the_types_of_their_arguments() -> None:
    good: list[Any] = [(), (), (), None, 0.0, -1.0]
    ClaimRules(*good)
    for at, wrong in [(0, ["exp"]), (1, "x"), (2, {"x"}), (3, b"x"), (3, 1), (4, "x"), (5, None)]:
        with pytest.raises(TypeError):
            ClaimRules(*(wrong if i == at else value for i, value in enumerate(good)))
    for at in (0, 1, 2):
        with pytest.raises(TypeError):
            ClaimRules(*((1,) if i == at else value for i, value in enumerate(good)))
    for wrong_arguments in ([], good[:-1], [*good, 1]):
        with pytest.raises(TypeError):
            ClaimRules(*wrong_arguments)
