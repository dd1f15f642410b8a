"""The algorithms that a ``PyJWS`` knows."""

from __future__ import annotations

from collections.abc import Sequence

from cyjwt.jwt._quick import Table
from cyjwt.jwt._watch import WatchedObject
from cyjwt.jwt.algorithms import Algorithm, get_default_algorithms, has_crypto, requires_cryptography

__all__ = ["AlgorithmRegistry"]


#: The table of every object that knows the algorithms there are, and no other.
_COMMON = Table(get_default_algorithms())


class AlgorithmRegistry(WatchedObject):
    """The part of ``PyJWS`` that knows algorithms by name."""

    def __init__(self, algorithms: Sequence[str] | None) -> None:
        self._algorithms = get_default_algorithms()
        self._valid_algs = set(self._algorithms if algorithms is None else algorithms)
        for name in self._algorithms.keys() - self._valid_algs:
            del self._algorithms[name]
        self._table = _COMMON if algorithms is None else Table(self._algorithms)

    def register_algorithm(self, alg_id: str, alg_obj: Algorithm) -> None:
        """Make an algorithm known under a name.

        Raises:
            ValueError: the name is taken.
            TypeError: it is no ``Algorithm``.
        """
        if alg_id in self._algorithms:
            raise ValueError("Algorithm already has a handler.")
        if not isinstance(alg_obj, Algorithm):
            raise TypeError("Object is not of type `Algorithm`")
        self._algorithms[alg_id] = alg_obj
        self._valid_algs.add(alg_id)
        self._change()

    def unregister_algorithm(self, alg_id: str) -> None:
        """Forget an algorithm.

        Raises:
            KeyError: there is none of that name.
        """
        if alg_id not in self._algorithms:
            raise KeyError("The specified algorithm could not be removed because it is not registered.")
        del self._algorithms[alg_id]
        self._valid_algs.remove(alg_id)
        self._change()

    def _change(self) -> None:
        self._table = Table(self._algorithms)
        if self._forget is not None:
            self._forget()

    def get_algorithms(self) -> list[str]:
        """The names of the algorithms that it knows."""
        return list(self._valid_algs)

    def get_algorithm_by_name(self, alg_name: str) -> Algorithm:
        """The algorithm of that name.

        Raises:
            NotImplementedError: there is none.
        """
        try:
            return self._algorithms[alg_name]
        except KeyError:
            if not has_crypto and alg_name in requires_cryptography:
                raise NotImplementedError(
                    f"Algorithm '{alg_name}' could not be found. Do you have cryptography installed?"
                ) from None
            raise NotImplementedError("Algorithm not supported") from None
