"""The memories of one-shot calls: what they hold, how much they may, and how to empty them.

``cyjwt.encode``, ``cyjwt.decode`` and what else takes raw key material on each call keep the keys that they
read, and what they compiled for a set of options, in memories of a bounded size. A secret that was passed to
them is held here, beside its key, until the memory needs the room or ``clear`` is called. ``Verifier``,
``Signer`` and ``Key`` use none of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cyjwt._engine.memo import Memo

__all__ = ["DEFAULT_SIZE", "clear", "info", "register", "resize"]

#: The most entries of a memory unless ``resize`` says otherwise.
DEFAULT_SIZE = 256

_memos: dict[str, Memo[..., Any]] = {}


def register(name: str, memo: Memo[..., Any]) -> None:
    """Put a memory among those that the functions here are about."""
    _memos[name] = memo


def info() -> dict[str, dict[str, int]]:
    """Tell what the memories hold.

    Returns:
        Of each memory, by its name (``"keys"``: raw material that was read, ``"verifiers"`` and
        ``"signers"``: what was compiled from a key and options), its counters: ``hits`` and ``misses`` since it
        was cleared, ``size`` and ``capacity`` in entries, and ``octets``, the size of what the entries were made
        from.

    Example:
        >>> import cyjwt
        >>> cyjwt.caches.clear()
        >>> for number in range(3):
        ...     token = cyjwt.encode({"number": number}, bytes(range(32)), "HS256")
        >>> signers = cyjwt.caches.info()["signers"]
        >>> signers["misses"], signers["hits"], signers["size"]
        (1, 2, 1)
    """
    return {name: memo.info() for name, memo in _memos.items()}


def clear(*names: str) -> None:
    """Empty the memories, so that none of them holds a key or a secret any more.

    What a call in another thread is reading at this moment is not kept either. What the caller itself still
    holds, such as the material, stays where it is.

    Args:
        names: the memories to empty, as ``info`` names them; all of them when left out.

    Returns:
        Nothing.

    Raises:
        ValueError: there is no memory of such a name.
    """
    for memo in _named(names):
        memo.clear()


def resize(size: int, *names: str) -> None:
    """Set how many entries the memories may have. Those whose last use is longest ago leave first.

    What entries were made from is bounded as well: to 128 KiB each, and to 8 KiB each on the average.

    Args:
        size: the number of entries; 0 to remember nothing.
        names: the memories to resize, as ``info`` names them; all of them when left out.

    Returns:
        Nothing.

    Raises:
        TypeError, ValueError: the size is no such number, or there is no memory of such a name.

    Example:
        >>> import cyjwt
        >>> cyjwt.caches.resize(1000, "keys", "verifiers")
        >>> cyjwt.caches.info()["keys"]["capacity"]
        1000
        >>> cyjwt.caches.resize(cyjwt.caches.DEFAULT_SIZE)
    """
    for memo in _named(names):
        memo.resize(size)


def _named(names: tuple[str, ...]) -> list[Memo[..., Any]]:
    for name in names:
        if name not in _memos:
            raise ValueError(f"there is no memory {name!r}: there are {', '.join(_memos)}")
    return [memo for name, memo in _memos.items() if not names or name in names]
