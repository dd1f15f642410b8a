"""CacheInfo: what a verifier's memory of tokens has done so far."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

__all__ = ["CacheInfo"]


class CacheInfo(tuple[int, int, int, int, int]):
    """The counters of a verifier's memory of tokens at one moment; also a tuple of these five numbers.

    Made by ``Verifier.cache_info``.

    Attributes:
        hits: how many tokens were found, those included whose time had passed meanwhile.
        misses: how many were not, and were verified from their first octet.
        size: how many are kept.
        capacity: how many can be kept; 0 where there is no memory.
        evictions: how many had to go for others to be kept.

    Example:
        >>> import cyjwt
        >>> key = cyjwt.Key.generate("HS256")
        >>> token = cyjwt.Signer(key, lifetime=900).sign({"sub": "42"})
        >>> verifier = cyjwt.Verifier(key, cache=1000)
        >>> claims = [verifier.verify(token) for _ in range(3)]
        >>> verifier.cache_info()
        CacheInfo(hits=2, misses=1, size=1, capacity=1000, evictions=0)
    """

    __slots__ = ()
    __match_args__ = ("hits", "misses", "size", "capacity", "evictions")

    def __new__(cls, hits: int, misses: int, size: int, capacity: int, evictions: int) -> Self:
        """Join the numbers."""
        return super().__new__(cls, (hits, misses, size, capacity, evictions))

    @property
    def hits(self) -> int:
        """How many tokens were found."""
        return self[0]

    @property
    def misses(self) -> int:
        """How many were not."""
        return self[1]

    @property
    def size(self) -> int:
        """How many are kept."""
        return self[2]

    @property
    def capacity(self) -> int:
        """How many can be kept."""
        return self[3]

    @property
    def evictions(self) -> int:
        """How many had to go for others."""
        return self[4]

    def __getnewargs__(self) -> tuple[int, int, int, int, int]:
        return self[0], self[1], self[2], self[3], self[4]

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value}" for name, value in zip(self.__match_args__, self, strict=True))
        return f"CacheInfo({said})"
