"""The mark of RSA keys that Infineon's faulty generator made (CVE-2017-15361, "ROCA").

Their primes have the form k * M + (65537^a mod M), where M is the product of small primes, so that modulo
each of those primes the modulus is a power of 65537. Such a key can be factored. Among sound keys one
in some 2^27 would bear the mark by chance.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

__all__ = ["is_roca"]

_PRIMES: Final = (
    *(3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101),
    *(103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167),
)


#: Each prime with the residues that 65537 generates modulo it; made, as a whole, when the first RSA key is.
_marks: tuple[tuple[int, frozenset[int]], ...] = ()


def is_roca(modulus: int) -> bool:
    """Whether a modulus bears the mark."""
    global _marks
    marks = _marks
    if not marks:
        marks = tuple((p, frozenset(pow(65537, exponent, p) for exponent in range(p))) for p in _PRIMES)
        _marks = marks
    return all(modulus % prime in powers for prime, powers in marks)
