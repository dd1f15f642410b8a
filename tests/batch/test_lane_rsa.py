"""RSA: made-up moduli, blocks and values at the edges, the same in lanes and alone."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

import cyjwt
from cyjwt._engine.lanes import verify_many
from cyjwt._engine.pkey import NativeKey
from tests.batch.agreement import agree
from tests.batch.lanes import Job, alone, everywhere, job
from tests.support import NOW, b64, good_claims
from tests.unit.pkey_support import rsa_key, rsa_spki

HASHES = {"256": "sha256", "384": "sha384", "512": "sha512"}
ALGORITHMS = [family + bits for family in ("RS", "PS") for bits in HASHES]
DIGEST_INFO = {
    "256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "512": bytes.fromhex("3051300d060960864801650304020305000440"),
}

#: Primes at which reductions break: as near to a power of two as can be, from either side, and with a gap of zeros.
#: A modulus that is prime has a private exponent too, so that any block can be signed under it.
PRIMES = {
    2048: {"high": 2**2048 - 2543, "low": 2**2047 + 2895, "gap": 2**2047 + 2**1024 + 365},
    3072: {"high": 2**3072 - 47, "low": 2**3071 + 7755, "gap": 2**3071 + 2**1536 + 6179},
    4096: {"high": 2**4096 - 2549, "low": 2**4095 + 579, "gap": 2**4095 + 2**2048 + 6815},
}
SIZES = list(PRIMES)


@dataclass(frozen=True)
class Made:
    """An RSA key of any numbers."""

    n: int
    e: int
    d: int

    @property
    def size(self) -> int:
        return (self.n.bit_length() + 7) // 8

    @property
    def native(self) -> NativeKey:
        return native_of(self.n, self.e)

    def power(self, block: bytes) -> bytes:
        """The signature whose block this is."""
        value = int.from_bytes(block, "big")
        assert value < self.n
        return pow(value, self.d, self.n).to_bytes(self.size, "big")

    def sign(self, algorithm: str, data: bytes, **bend: bytes | int) -> bytes:
        block = (pkcs1 if algorithm.startswith("RS") else pss)(self, algorithm[2:], data, **bend)  # type: ignore[arg-type]
        return self.power(block)


@cache
def native_of(n: int, e: int) -> NativeKey:
    return NativeKey.from_spki(rsa_spki(n, e), allow_small_exponent=True)


def of_prime(n: int, e: int = 65537) -> Made:
    return Made(n, e, pow(e, -1, n - 1))


@cache
def of_two_primes(bits: int, e: int = 65537) -> Made:
    numbers = rsa_key(bits, e).private_numbers()
    return Made(numbers.public_numbers.n, e, numbers.d)


@cache
def keys_of(bits: int) -> dict[str, Made]:
    """Keys of one size: a usual one, and the primes."""
    return {"usual": of_two_primes(bits), **{name: of_prime(n) for name, n in PRIMES[bits].items()}}


def digest(bits: str, data: bytes) -> bytes:
    return hashlib.new(HASHES[bits], data).digest()


def pkcs1(
    key: Made, bits: str, data: bytes, *, first: bytes = b"\0\1", fill: int = 0xFF, info: bytes | None = None,
    mark: bytes = b"\0", tail: bytes = b"",
) -> bytes:  # fmt: skip
    """EMSA-PKCS1-v1_5 (RFC 8017 section 9.2), bent as asked."""
    text = (DIGEST_INFO[bits] if info is None else info) + digest(bits, data) + tail
    return first + bytes([fill]) * (key.size - len(first) - len(mark) - len(text)) + mark + text


def mgf1(bits: str, seed: bytes, size: int) -> bytes:
    blocks = (digest(bits, seed + i.to_bytes(4, "big")) for i in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def pss(
    key: Made, bits: str, data: bytes, *, salt: int | None = None, mark: int = 1, pad: int = 0, end: int = 0xBC,
    top: int = 0, mgf: str | None = None,
) -> bytes:  # fmt: skip
    """EMSA-PSS (RFC 8017 section 9.1.1), bent as asked."""
    hashed = digest(bits, data)
    drawn = bytes(i % 251 for i in range(len(hashed) if salt is None else salt))
    room = (key.n.bit_length() - 1 + 7) // 8
    h = digest(bits, bytes(8) + hashed + drawn)
    db = bytes([pad]) * (room - len(drawn) - len(h) - 2) + bytes([mark]) + drawn
    masked = bytearray(a ^ b for a, b in zip(db, mgf1(mgf or bits, h, len(db)), strict=True))
    masked[0] &= 0xFF >> (8 * room - key.n.bit_length() + 1)
    masked[0] |= top
    return (bytes(masked) + h + bytes([end])).rjust(key.size, b"\0")


@cache
def good_jobs(bits: int) -> list[Job]:
    """Eight signatures that hold under all keys of a size, of all algorithms."""
    keys = list(keys_of(bits).values())
    jobs = []
    for n, algorithm in enumerate((*ALGORITHMS, "RS256", "PS256")):
        data, key = f"data {n}".encode() * (1 + 50 * n), keys[n % len(keys)]
        jobs.append(job(key.native, algorithm, data, key.sign(algorithm, data)))
    assert all(map(alone, jobs))
    return jobs


# -- cases: the signature, and whether it holds


def bent(bits: int) -> Iterator[tuple[Job, bool]]:
    """Every part of the encoded message, bent."""
    data = b"bent"
    for name, key in keys_of(bits).items():
        for algorithm in ALGORITHMS if bits == 2048 and name == "usual" else ("RS256", "PS512"):
            size = int(algorithm[2:]) // 8
            bends: list[dict[str, bytes | int]] = [{}]
            if algorithm.startswith("RS"):
                info = DIGEST_INFO[algorithm[2:]]
                bends += [
                    {"first": b"\0\2"},
                    {"first": b"\0\0"},
                    {"fill": 0xFE},
                    {"fill": 0},
                    {"mark": b"\1"},
                ]
                bends += [
                    {"mark": b""},
                    {"mark": b"\0\0"},
                    {"tail": b"\0"},
                    {"tail": b"\xaa" * 100},
                    {"info": b""},
                ]
                bends += [{"info": DIGEST_INFO[other]} for other in HASHES if other != algorithm[2:]]
                bends += [
                    {"info": info[:-1]},
                    {"info": info[:13] + info[15:]},
                    {"info": b"\x30\x81" + info[1:]},
                ]
            else:
                bends += [
                    {"salt": n} for n in (0, 1, 20, size - 1, size + 1, key.size - size - 3) if n != size
                ]
                bends += [
                    {"mark": 0},
                    {"mark": 2},
                    {"mark": 0x81},
                    {"pad": 1},
                    {"end": 0xBB},
                    {"end": 0},
                    {"end": 0xCC},
                ]
                bends += [{"mgf": other} for other in HASHES if other != algorithm[2:]]
                # The bits beyond the modulus' own, which must be zero; where there is room for them below it.
                bends += [{"top": 0x80}] if key.n > 0xFF << key.n.bit_length() - 8 else []
            # Plain Python takes its time over the longer moduli.
            for bend in bends[1 :: 1 if bits == 2048 else 5]:
                signature = key.sign(algorithm, data, **bend)
                yield job(key.native, algorithm, data, signature), False
            good = key.sign(algorithm, data)
            yield job(key.native, algorithm, data, good), True
            yield job(key.native, algorithm, data + b"!", good), False
            crossed = ("PS" if algorithm.startswith("RS") else "RS") + algorithm[2:]
            yield job(key.native, crossed, data, good), False


def values(bits: int) -> Iterator[tuple[Job, bool]]:
    """Signatures by their value: n and more, next to nothing, the good one and n added to it."""
    data = b"values"
    for key in keys_of(bits).values():
        top = 1 << 8 * key.size
        for algorithm in ("RS256", "PS384"):
            good = int.from_bytes(key.sign(algorithm, data), "big")
            yield job(key.native, algorithm, data, good.to_bytes(key.size, "big")), True
            others = [
                0,
                1,
                2,
                key.n - 1,
                key.n,
                key.n + 1,
                top - 1,
                key.n - good,
                key.n // 2,
                good + key.n,
                1 << bits - 1,
            ]
            others += [
                good ^ 1,
                good ^ 1 << bits - 1,
                good ^ 1 << bits // 2,
                (top - 1) ^ 1,
                key.n - 2,
                2**52,
                2**1024 - 1,
            ]
            for value in others:
                if 0 <= value < top:
                    yield job(key.native, algorithm, data, value.to_bytes(key.size, "big")), False


def lengths(bits: int) -> Iterator[tuple[Job, bool]]:
    """Leading zeros are part of a signature, no more and no fewer."""
    data = b"lengths"
    for key in keys_of(bits).values():
        good = key.sign("RS256", data)
        yield job(key.native, "RS256", data, good), True
        for signature in (
            *(
                good[:-1],
                good[1:],
                b"\0" + good,
                good + b"\0",
                good * 2,
                good[: key.size // 2],
                b"",
                b"\1",
                b"\0" * 3,
            ),
            *(bytes(key.size), bytes(key.size + 1), good[1:] + good[:1]),
        ):
            yield job(key.native, "RS256", data, signature), False
    # A signature that begins with a zero, as one of some 256 does.
    usual, signer = keys_of(bits)["usual"], rsa_key(bits, 65537)
    signed = ((b"zero %d" % i, signer.sign(b"zero %d" % i, PKCS1v15(), SHA256())) for i in range(5000))
    text, zero = next(one for one in signed if one[1][0] == 0)
    yield job(usual.native, "RS256", text, zero), True
    yield job(usual.native, "RS256", text, zero[1:]), False
    yield job(usual.native, "RS256", text, b"\0" + zero), False


@cache
def cases_of(make: str, bits: int) -> list[tuple[Job, bool]]:
    return list({"bent": bent, "values": values, "lengths": lengths}[make](bits))


@pytest.mark.parametrize("bits", SIZES)
@pytest.mark.parametrize("make", ["bent", "values", "lengths"])
def test_rsa_at_the_edges(route: str, make: str, bits: int) -> None:
    cases = cases_of(make, bits)
    for one, expected in cases:
        everywhere(one, good_jobs(bits), route, expected)
    assert len(keys_of(bits)) <= sum(expected for _, expected in cases) < len(cases)
    draw = random.Random(5)
    for _ in range(4):
        assert verify_many([one for one, _ in cases]) == bytes(expected for _, expected in cases)
        cases = draw.sample(cases, len(cases))


def test_the_moduli_are_what_they_are_said_to_be() -> None:
    for bits, primes in PRIMES.items():
        for n in primes.values():
            assert n.bit_length() == bits
            assert pow(3, n - 1, n) == 1


@pytest.mark.parametrize(
    "other", [(2048, 3), (2049, 65537), (2560, 65537), (2048, 65539), (3072, 3)], ids=str
)
def test_keys_that_have_no_lanes(route: str, other: tuple[int, int]) -> None:
    """Other sizes and exponents go alone, in the same call, and get the verdict that is theirs."""
    bits, e = other
    key = of_prime(PRIMES[2048]["low"], e) if e == 65539 else of_two_primes(bits, e)
    jobs, expected = [], []
    for n in range(12):
        data, algorithm = b"data %d" % n, ALGORITHMS[n % 6]
        signature = key.sign(algorithm, data)
        jobs += [
            job(key.native, algorithm, data, signature),
            job(key.native, algorithm, data + b"!", signature),
        ]
        jobs.append(job(key.native, algorithm, data, signature[:-1] + bytes([signature[-1] ^ 1])))
        expected += [1, 0, 0]
        # Between them, the same signature under a key that has lanes, and a good one of that.
        if key.size == 256:
            jobs.append(job(keys_of(2048)["high"].native, algorithm, data, signature))
            expected.append(0)
        jobs.append(good_jobs(2048)[n % 8])
        expected.append(1)
    assert verify_many(jobs) == bytes(expected)
    assert bytes(map(alone, jobs)) == bytes(expected)


def test_key_sizes_and_exponents_as_tokens(route: str) -> None:
    """Whole tokens of every size and exponent, those allowed by name among them, in one batch."""
    made = {
        f"{bits}-{name}": key
        for bits in (2048, 3072)
        for name, key in list(keys_of(bits).items())[: 5120 // bits]
    }
    made |= {
        "e3": of_two_primes(2048, 3),
        "2049": of_two_primes(2049),
        "e19": of_prime(PRIMES[2048]["gap"], 19),
    }
    keys = cyjwt.KeySet(
        [
            cyjwt.Key.from_der(
                rsa_spki(key.n, key.e), kid=kid, allow=["small-exponent"] if key.e < 65537 else ()
            )
            for kid, key in made.items()
        ]
    )
    tokens = []
    for n in range(3):
        for kid, key in made.items():
            for algorithm in ("RS256", "PS256"):
                head = b64(f'{{"alg":"{algorithm}","kid":"{kid}"}}'.encode())
                text = f"{head}.{b64(str(good_claims(n=n)).replace(chr(39), chr(34)).encode())}"
                signature = key.sign(algorithm, text.encode())
                bad = signature[:-1] + bytes([signature[-1] ^ 1])
                tokens += [f"{text}.{b64(signature)}", f"{text}.{b64(bad)}", f"{text}.{b64(bytes(key.size))}"]
    random.Random(3).shuffle(tokens)
    expected = agree(cyjwt.Verifier(keys, clock=NOW), tokens)
    assert sum(isinstance(one, dict) for one in expected) == len(tokens) // 3
