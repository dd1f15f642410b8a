"""What key servers publish, read with care: JWK Sets (RFC 7517) and the metadata that point to them."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from cyjwt import _jwk
from cyjwt.errors import InvalidKeyError
from cyjwt.jwks.faults import fault
from cyjwt.jwks.options import checked_url
from cyjwt.keyset import KeySet, read_entries, some_key

__all__ = ["metadata_urls", "read_jwk_set", "read_metadata"]


def read_jwk_set(body: bytes, most_octets: int, most_keys: int) -> tuple[KeySet, tuple[str, ...]]:
    """Read a published JWK Set.

    Args:
        body: its JSON text.
        most_octets: bound on the text.
        most_keys: bound on the keys.

    Returns:
        The keys that may verify, and for each key that was left out why.

    Raises:
        JWKSError: it is no JWK Set, is too large, or has no key that may be used.
    """
    try:
        held, left_out = read_entries(_jwk.parse(body, most_octets), most_keys)
        return KeySet(some_key(held, left_out)), tuple(left_out)
    except InvalidKeyError as error:
        raise fault("content", str(error)) from None


def metadata_urls(issuer: str) -> tuple[str, str]:
    """Where an issuer's metadata lie: OpenID Connect Discovery section 4.1, and RFC 8414 section 3.1."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    return (
        urlunsplit(parts._replace(path=f"{path}/.well-known/openid-configuration")),
        urlunsplit(parts._replace(path=f"/.well-known/oauth-authorization-server{path}")),
    )


def read_metadata(body: bytes, most_octets: int, issuer: str, allow_http: bool) -> str:
    """Read an issuer's metadata.

    Args:
        body: their JSON text.
        most_octets: bound on the text.
        issuer: who must be named in them, exactly (OpenID Connect Discovery section 4.3, RFC 8414 section
            3.3): otherwise one issuer could hand out another's keys, or its own for another's.
        allow_http: whether the set may be fetched by plain http.

    Returns:
        The URL of the JWK Set.

    Raises:
        JWKSError: they are no metadata, of another issuer, or point to no URL that may be asked.
    """
    try:
        members = _jwk.parse(body, most_octets)
    except InvalidKeyError as error:
        raise fault("content", f"the issuer's metadata cannot be read: {error}") from None
    if not isinstance(members, dict):
        raise fault("content", "the issuer's metadata are not a JSON object")
    if members.get("issuer") != issuer:
        raise fault("issuer", 'the member "issuer" of the metadata is not the issuer that was asked for')
    try:
        return checked_url("jwks_uri", members.get("jwks_uri"), allow_http)
    except (TypeError, ValueError) as error:
        raise fault("content", f"the issuer's metadata are of no use: {error}") from None
