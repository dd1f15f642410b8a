"""The JOSE header: what it has to be like, and what goes into one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from cyjwt.jwt.api_jwk import PyJWK
from cyjwt.jwt.exceptions import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ALGORITHM_UNSET",
    "allowed_algorithms",
    "build_header",
    "check_critical",
    "check_kid",
    "check_types",
    "chosen_algorithm",
]

#: Stands for an ``algorithm`` that the caller left out, which is another thing than None.
ALGORITHM_UNSET: Final[Any] = object()


def chosen_algorithm(key: object, algorithm: str | None, headers: dict[str, Any] | None) -> str:
    """The name of the algorithm to sign with."""
    if headers and headers.get("alg"):
        return str(headers["alg"])
    if algorithm is not None and algorithm is not ALGORITHM_UNSET:
        return algorithm
    if isinstance(key, PyJWK):
        return key.algorithm_name
    return "none" if algorithm is None else "HS256"


def allowed_algorithms(key: object, algorithms: Sequence[str] | None) -> Sequence[str]:
    """The names that a header's ``alg`` may have."""
    if isinstance(algorithms, str):
        # One name, in which no part of it is to be found.
        return (algorithms,)
    if algorithms is None:
        return (key.algorithm_name,) if isinstance(key, PyJWK) else ()
    return algorithms


def build_header(
    typ: str, algorithm: str, headers: dict[str, Any] | None, *, detached: bool
) -> dict[str, Any]:
    """The members to sign with."""
    header: dict[str, Any] = {"typ": typ, "alg": algorithm}
    if headers:
        if "kid" in headers:
            check_kid(headers["kid"])
        header.update(headers)
        detached = detached or headers.get("b64") is False
    if not header["typ"]:
        del header["typ"]
    if not detached:
        # True is what b64 is without being stated.
        header.pop("b64", None)
    else:
        critical = header.get("crit", [])
        if not isinstance(critical, list):
            raise InvalidTokenError("Invalid 'crit' header: must be a list")
        # RFC 7797 section 6: whoever does not know b64 must notice it.
        header["b64"] = False
        header["crit"] = critical if "b64" in critical else [*critical, "b64"]
    return header


def check_kid(kid: object) -> None:
    """RFC 7515 section 4.1.4."""
    if not isinstance(kid, str):
        raise InvalidTokenError("Key ID header parameter must be a string")


def check_types(headers: dict[str, Any]) -> None:
    """RFC 7515 section 4.1.9 and RFC 7797 section 3."""
    if not isinstance(headers.get("b64", True), bool):
        raise InvalidTokenError("Invalid 'b64' header: must be true or false")
    if not isinstance(headers.get("typ", ""), str):
        raise InvalidTokenError("Invalid 'typ' header: must be a string")


def check_critical(headers: dict[str, Any], supported: Collection[str]) -> None:
    """RFC 7515 section 4.1.11."""
    critical = headers["crit"]
    if not isinstance(critical, list) or not critical:
        raise InvalidTokenError("Invalid 'crit' header: must be a non-empty list")
    for name in critical:
        if not isinstance(name, str):
            raise InvalidTokenError("Invalid 'crit' header: values must be strings")
        if name not in supported:
            raise InvalidTokenError("Unsupported critical extension")
        if name not in headers:
            raise InvalidTokenError(f"Critical extension '{name}' is missing from headers")
    if len(set(critical)) != len(critical):
        raise InvalidTokenError("Invalid 'crit' header: values must not be repeated")
