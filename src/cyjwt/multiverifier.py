"""MultiVerifier: tokens of several issuers, each verified by the verifier of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from cyjwt._arguments import type_name
from cyjwt._engine.batch import check_names
from cyjwt._engine.unverified import Issuers
from cyjwt._parallel import read_threads
from cyjwt.batch import Batch, Claims, merge, read_claims, read_size, token_objects
from cyjwt.policy import text
from cyjwt.verifier import Verifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, Literal, NoReturn, overload

    from cyjwt.batch import Tokens
    from cyjwt.token import Token
else:
    # For checkers of types alone.
    Generic = {Claims: object}

__all__ = ["MultiVerifier"]

#: A batch notes in an octet which claim a token lacks.
_MOST_CLAIMS = 200


class MultiVerifier(Generic[Claims]):
    """Verifies the tokens of several issuers, each wholly by the ``Verifier`` of the issuer that it names.

    The token's ``iss`` is read before anything is verified, as strictly as all else, and says which verifier to ask
    and no more: that one insists on its issuer and has its own keys and options, so that no key of one issuer serves
    a token that names another. For each token the verdict is that of the verifier asked.

    Like a ``Verifier`` it is immutable, safe to share between threads, and picklable.

    Args:
        verifiers: by its issuer each ``Verifier``, which was made with ``issuer=`` this very issuer and no other.

    Raises:
        TypeError: not a mapping of ``str`` to ``Verifier``.
        ValueError: it is empty; a verifier insists on no issuer, on another one, or on several; or all of them
            together require more than 200 different claims.

    Example:
        >>> import cyjwt
        >>> keys = {name: cyjwt.Key.generate("ES256") for name in ("https://a.example/", "https://b.example/")}
        >>> both = cyjwt.MultiVerifier({name: cyjwt.Verifier(keys[name], issuer=name) for name in keys})
        >>> token = cyjwt.Signer(keys["https://b.example/"], issuer="https://b.example/", lifetime=60).sign({})
        >>> both.verify(token)["iss"]
        'https://b.example/'
    """

    __slots__ = ("__weakref__", "_issuers", "_known", "_verifiers")

    _issuers: Issuers
    _known: dict[str, Verifier[Claims]]
    _verifiers: tuple[Verifier[Claims], ...]

    if not TYPE_CHECKING:

        def __class_getitem__(cls, claims: object) -> type[MultiVerifier]:
            return cls

    def __init__(self, verifiers: Mapping[str, Verifier[Claims]]) -> None:
        if not isinstance(verifiers, Mapping):
            raise TypeError(f"verifiers must be a mapping of issuers, not {type_name(verifiers)}")
        known = {text("issuer", issuer): verifier for issuer, verifier in verifiers.items()}
        if not known:
            raise ValueError("verifiers must not be empty")
        for issuer, verifier in known.items():
            if not isinstance(verifier, Verifier):
                raise TypeError(f"the verifier of {issuer!r} must be a Verifier, not {type_name(verifier)}")
            if verifier._policy.issuers != (issuer,):
                raise ValueError(
                    f"the verifier of {issuer!r} must insist on it alone: make it with issuer={issuer!r}"
                )
        policies = [verifier._policy for verifier in known.values()]
        if len(frozenset().union(*(policy.required for policy in policies))) > _MOST_CLAIMS:
            raise ValueError(f"verifiers may require {_MOST_CLAIMS} different claims at most")
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_verifiers", tuple(known.values()))
        # As lax as the laxest; the verifier that is asked is as strict as it is.
        largest = max(policy.max_token_size for policy in policies)
        padding = any(policy.allow_padding for policy in policies)
        object.__setattr__(self, "_issuers", Issuers(tuple(known), largest, padding))

    def verify(self, token: str | bytes | bytearray | memoryview, /) -> Claims:
        """Verify one token.

        Args:
            token: as for ``Verifier.verify``.

        Returns:
            The claims, a new dict; with ``claims_type`` of the verifier asked an instance of it.

        Raises:
            DecodeError: the token is not well formed, so that it names no issuer.
            InvalidIssuerError: it names none of these issuers, or its ``iss`` is missing or no string.
            InvalidTokenError: as the issuer's verifier raises it.
        """
        return self._verifiers[self._issuers.find(token)].verify(token)

    def verify_complete(self, token: str | bytes | bytearray | memoryview, /) -> Token[Claims]:
        """Verify one token and give its header and signature too.

        Args:
            token: as for ``verify``.

        Returns:
            The three parts, of which every one is verified.

        Raises:
            InvalidTokenError: as for ``verify``.
        """
        return self._verifiers[self._issuers.find(token)].verify_complete(token)

    async def verify_async(self, token: str | bytes | bytearray | memoryview, /) -> Claims:
        """Verify one token together with those of other tasks; see ``Verifier.verify_async``.

        Args:
            token: as for ``verify``.

        Returns:
            The claims, a new dict; with ``claims_type`` of the verifier asked an instance of it.

        Raises:
            InvalidTokenError: as for ``verify``.
        """
        return await self._verifiers[self._issuers.find(token)].verify_async(token)

    if TYPE_CHECKING:

        @overload
        def verify_batch(
            self, tokens: Tokens, /, *, threads: int | None = None, claims: Literal[False]
        ) -> Batch[None]: ...
        @overload
        def verify_batch(
            self, tokens: Tokens, /, *, threads: int | None = None, claims: Literal[True] = True
        ) -> Batch[Claims]: ...
        @overload
        def verify_batch(
            self, tokens: Tokens, /, *, threads: int | None = None, claims: Collection[str]
        ) -> Batch[dict[str, Any]]: ...
        @overload
        def verify_batch(
            self, tokens: Tokens, /, *, threads: int | None = None, claims: bool | Collection[str]
        ) -> Batch[Any]: ...

    def verify_batch(
        self, tokens: Tokens, /, *, threads: int | None = None, claims: bool | Collection[str] = True
    ) -> Batch[Any]:
        """Verify many tokens at once, those of each issuer together.

        Args:
            tokens: as for ``Verifier.verify_batch``. The texts of Arrow data are copied.
            threads: as for ``Verifier.verify_batch``.
            claims: as for ``Verifier.verify_batch``.

        Returns:
            The statuses, and the claims that were asked for, in the order of the tokens.

        Raises:
            TypeError, ValueError, KeyboardInterrupt: as for ``Verifier.verify_batch``.

        Example:
            >>> import cyjwt
            >>> keys = {name: cyjwt.Key.generate("HS256") for name in ("a", "b")}
            >>> both = cyjwt.MultiVerifier({name: cyjwt.Verifier(keys[name], issuer=name) for name in keys})
            >>> tokens = [cyjwt.Signer(keys[by], issuer=name, lifetime=60).sign({}) for by, name in ("aa", "ab", "bb")]
            >>> both.verify_batch(tokens).counts()
            {'valid': 2, 'invalid_signature': 1}
        """
        most, wanted = self._read(threads, claims)
        return self._batch(tuple(token_objects(tokens)), most, wanted)

    if TYPE_CHECKING:

        @overload
        def verify_stream(
            self, tokens: Tokens, /, *, size: int = 10_000, threads: int | None = None, claims: Literal[False]
        ) -> Iterator[Batch[None]]: ...
        @overload
        def verify_stream(
            self,
            tokens: Tokens,
            /,
            *,
            size: int = 10_000,
            threads: int | None = None,
            claims: Literal[True] = True,
        ) -> Iterator[Batch[Claims]]: ...
        @overload
        def verify_stream(
            self,
            tokens: Tokens,
            /,
            *,
            size: int = 10_000,
            threads: int | None = None,
            claims: Collection[str],
        ) -> Iterator[Batch[dict[str, Any]]]: ...
        @overload
        def verify_stream(
            self,
            tokens: Tokens,
            /,
            *,
            size: int = 10_000,
            threads: int | None = None,
            claims: bool | Collection[str],
        ) -> Iterator[Batch[Any]]: ...

    def verify_stream(
        self,
        tokens: Tokens,
        /,
        *,
        size: int = 10_000,
        threads: int | None = None,
        claims: bool | Collection[str] = True,
    ) -> Iterator[Batch[Any]]:
        """Verify tokens as they come, batch after batch, in memory that does not grow with their number.

        Args:
            tokens: as for ``verify_batch``; it may be endless.
            size: how many tokens make a batch; the last one may have fewer.
            threads: as for ``verify_batch``.
            claims: as for ``verify_batch``.

        Returns:
            An iterator of batches.

        Raises:
            TypeError, ValueError: as for ``verify_batch``, or size is less than 1.
        """
        most, wanted = self._read(threads, claims)
        part, held = read_size(size), iter(token_objects(tokens))
        return (self._batch(some, most, wanted) for some in iter(lambda: tuple(islice(held, part)), ()))

    def _read(
        self, threads: int | None, claims: bool | Collection[str]
    ) -> tuple[int, bool | tuple[str, ...]]:
        """Check the options of a batch, also where no verifier would."""
        most, wanted = read_threads(threads), read_claims(claims)
        if isinstance(wanted, tuple):
            for verifier in self._verifiers:
                check_names(verifier, wanted)
        return most, wanted

    def _batch(self, tokens: tuple[Any, ...], threads: int, claims: bool | tuple[str, ...]) -> Batch[Any]:
        statuses = bytearray(len(tokens))
        parts = [
            (places, verifier.verify_batch([tokens[i] for i in places], threads=threads, claims=claims))
            for verifier, places in zip(self._verifiers, self._issuers.sort(tokens, statuses), strict=True)
            if places
        ]
        return merge(statuses, parts, claims is not False)

    @property
    def verifiers(self) -> dict[str, Verifier[Claims]]:
        """By its issuer each verifier, in a new dict."""
        return dict(self._known)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._known,)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a MultiVerifier is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a MultiVerifier is immutable: {name} cannot be deleted")

    def __repr__(self) -> str:
        return f"<MultiVerifier of {', '.join(map(repr, self._known))}>"
