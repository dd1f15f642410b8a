"""PyJWT: claims sets, signed and verified; and the module's functions, which are methods of one such object."""

from __future__ import annotations

import json
from calendar import timegm
from collections.abc import Container, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cyjwt.jwt import _claims, _read
from cyjwt.jwt._calls import quick_decode
from cyjwt.jwt._headers import ALGORITHM_UNSET
from cyjwt.jwt._known import Known, known_from
from cyjwt.jwt._notices import warn_of_arguments, warn_of_key, warn_of_verify
from cyjwt.jwt._options import default_options, merge_options
from cyjwt.jwt._quick import find_signer, find_verifier
from cyjwt.jwt._watch import replaces
from cyjwt.jwt.api_jws import PyJWS, _jws_global_obj
from cyjwt.jwt.exceptions import InvalidTokenError

if TYPE_CHECKING:
    from cyjwt.jwt.api_jws import PrivateKey as AllowedPrivateKeyTypes
    from cyjwt.jwt.api_jws import PublicKey as AllowedPublicKeyTypes
    from cyjwt.jwt.types import FullOptions, Options, SigOptions

__all__ = ["PyJWT", "decode", "decode_complete", "encode"]


class PyJWT(_claims.ClaimChecks):
    """Signs claims sets and verifies tokens.

    Args:
        options: the options to use where a call states none.

    Attributes:
        options: the options, each of them.

    Example:
        >>> from cyjwt import jwt
        >>> lenient = jwt.PyJWT(options={"verify_exp": False})
        >>> token = lenient.encode({"exp": 1}, "a secret of thirty-two octets or more")
        >>> lenient.decode(token, "a secret of thirty-two octets or more", algorithms=["HS256"])
        {'exp': 1}
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        type.__setattr__(cls, "_plain", cls._plain and not replaces(cls, PyJWT))

    def __init__(self, options: Options | None = None) -> None:
        self._options: FullOptions = self._get_default_options()
        #: The options for the engine; None as long as they are the usual ones, and nobody got hold of them.
        self._standing: FullOptions | None = None
        if not self._plain:
            self.options = self._options
            if options is not None:
                self.options = self._merge_options(options)
        elif options is not None:
            self._options = self._standing = self._merge_options(options)
        self._jws = PyJWS(options=self._get_sig_options())

    @property
    def options(self) -> FullOptions:
        """The options, each of them."""
        self._stand(self._options)
        return self._options

    @options.setter
    def options(self, options: FullOptions) -> None:
        self._options = options
        self._stand(options)

    def _stand(self, options: FullOptions) -> None:
        if self._standing is not options:
            self._standing = options
            if self._forget is not None:
                self._forget()

    @staticmethod
    def _get_default_options() -> FullOptions:
        return default_options()

    def _get_sig_options(self) -> SigOptions:
        return {
            "verify_signature": self._current()["verify_signature"],
            "enforce_minimum_key_length": self._current().get("enforce_minimum_key_length", False),
        }

    def _current(self) -> FullOptions:
        """The options; a subclass may keep its own where it likes, and is asked for them."""
        return self._options if self._plain else self.options

    def _merge_options(self, options: Options | None = None) -> FullOptions:
        return merge_options(self._current(), options)

    def encode(
        self,
        payload: dict[str, Any],
        key: AllowedPrivateKeyTypes,
        algorithm: str | None = ALGORITHM_UNSET,
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
        sort_headers: bool = True,
    ) -> str:
        """Sign a claims set.

        Args:
            payload: the claims. A ``datetime`` as ``exp``, ``iat`` or ``nbf`` becomes a NumericDate; one
                without a time zone is taken for UTC.
            key: PEM, a secret, an object of ``cryptography``, or a ``PyJWK``.
            algorithm: the algorithm. Left out it is the ``PyJWK``'s, or HS256; None stands for ``"none"``
                where the key is no ``PyJWK``. An ``alg`` in ``headers`` comes before it.
            headers: further header members.
            json_encoder: the class that writes the claims and the header as JSON.
            sort_headers: write the header's members in the order of their names.

        Returns:
            The token, in the compact serialization.

        Raises:
            TypeError: the payload is no dict, its ``iss`` no string, or JSON has no form for a value.
            NotImplementedError: the algorithm is not known.
            InvalidKeyError: the key cannot be read as what the algorithm needs.
        """
        if not isinstance(payload, dict):
            raise TypeError("Expecting a dict object, as JWT only supports JSON objects as payloads.")
        if not isinstance(payload.get("iss", ""), str):
            raise TypeError("Issuer (iss) must be a string.")
        jws = self._jws
        if json_encoder is None and self._plain and jws._plain:
            try:
                sign, warning = find_signer(
                    jws._table,
                    key,
                    algorithm,
                    headers,
                    sort_headers,
                    jws.header_typ,
                    jws.options.get("enforce_minimum_key_length", False),
                )
                try:
                    token = sign(payload)
                except TypeError:
                    token = sign(_with_numeric_dates(payload))
            except Exception:  # noqa: S110 - the exact way below has PyJWT's laxness and its words.
                pass
            else:
                if warning is not None:
                    warn_of_key(warning, enforced=False)
                return token
        payload = _with_numeric_dates(payload)
        octets = self._encode_payload(payload, headers=headers, json_encoder=json_encoder)
        return self._jws.encode(octets, key, algorithm, headers, json_encoder, sort_headers=sort_headers)

    def _encode_payload(
        self,
        payload: dict[str, Any],
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
    ) -> bytes:
        """The octets to sign. A subclass may write them otherwise, such as compressed."""
        return json.dumps(payload, separators=(",", ":"), cls=json_encoder).encode("utf-8")

    def decode_complete(
        self,
        jwt: str | bytes,
        key: AllowedPublicKeyTypes = "",
        algorithms: Sequence[str] | None = None,
        options: Options | None = None,
        verify: bool | None = None,
        detached_payload: bytes | None = None,
        audience: str | Iterable[str] | None = None,
        issuer: str | Container[str] | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Verify a token and give all its parts. See ``decode`` for the arguments.

        Returns:
            A dict of ``payload`` (the claims), ``header`` (its members) and ``signature`` (octets).
        """
        if kwargs:
            warn_of_arguments("decode_complete", kwargs)
        known = None
        if verify is None and detached_payload is None and self._plain and self._jws._plain:
            try:
                _, verify_complete, warning = find_verifier(
                    self._jws._table,
                    key,
                    algorithms,
                    options,
                    audience,
                    issuer,
                    subject,
                    leeway,
                    self._standing,
                )
            except Exception:  # noqa: S110 - the exact way below has PyJWT's laxness and its words.
                pass
            else:
                try:
                    token = verify_complete(jwt)
                except InvalidTokenError as refusal:
                    known = known_from(jwt, refusal, warning)
                else:
                    if warning is not None:
                        warn_of_key(warning, enforced=False)
                    return {"payload": token.claims, "header": token.header, "signature": token.signature}
        return self._decode_exactly(
            jwt, key, algorithms, options, verify, detached_payload, audience, issuer, subject, leeway, known
        )

    def _decode_exactly(
        self,
        jwt: str | bytes,
        key: AllowedPublicKeyTypes,
        algorithms: Sequence[str] | None,
        options: Options | None,
        verify: bool | None,
        detached_payload: bytes | None,
        audience: str | Iterable[str] | None,
        issuer: str | Container[str] | None,
        subject: str | None,
        leeway: float | timedelta,
        known: Known | None,
    ) -> dict[str, Any]:
        """Decode by PyJWT's order, for its laxness and its words; known is what the engine found already."""
        verify_signature = True if options is None else options.get("verify_signature", True)
        if verify is not None and verify != verify_signature:
            warn_of_verify()
        merged = self._merge_options(options)
        sig_options: SigOptions = {
            "verify_signature": verify_signature,
            "enforce_minimum_key_length": merged.get("enforce_minimum_key_length", False),
        }
        if known is None:
            decoded = self._jws.decode_complete(
                jwt, key=key, algorithms=algorithms, options=sig_options, detached_payload=detached_payload
            )
        else:
            decoded = self._jws._open(jwt, key, algorithms, sig_options, detached_payload, known).as_dict()
        octets = decoded["payload"]
        payload = self._decode_payload(decoded)
        self._validate_claims(
            payload, merged, audience=audience, issuer=issuer, leeway=leeway, subject=subject
        )
        if type(self)._decode_payload is PyJWT._decode_payload:
            _read.ask_for_strict_json(octets, "payload")
        decoded["payload"] = payload
        return decoded

    def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
        """The claims of the octets that were signed. A subclass may read them otherwise."""
        return _read.read_json(decoded["payload"], "payload")

    def decode(
        self,
        jwt: str | bytes,
        key: AllowedPublicKeyTypes = "",
        algorithms: Sequence[str] | None = None,
        options: Options | None = None,
        verify: bool | None = None,
        detached_payload: bytes | None = None,
        audience: str | Iterable[str] | None = None,
        subject: str | None = None,
        issuer: str | Container[str] | None = None,
        leeway: float | timedelta = 0,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Verify a token.

        Args:
            jwt: the token.
            key: PEM, a secret, an object of ``cryptography``, or a ``PyJWK``.
            algorithms: the names of the algorithms to allow; may be left out for a ``PyJWK``. Never take them
                from the token (RFC 8725 section 3.1).
            options: options that differ from the object's. See ``cyjwt.jwt.types.Options``.
            verify: does nothing, and warns where it contradicts the options.
            detached_payload: what was signed, where the token's header says that it is not in it.
            audience: the ``aud`` to answer to, or several. Without it a token that has an ``aud`` is refused.
            subject: the ``sub`` that a token must have, if it has one.
            issuer: the ``iss`` that a token must have, or several of which it must have one.
            leeway: seconds, or a timedelta, by which the clocks may differ.
            **kwargs: do nothing, and warn.

        Returns:
            The claims.

        Raises:
            InvalidTokenError: the token must not be trusted.
            InvalidKeyError: the key cannot be read as what the algorithm needs.
            TypeError: an argument of a wrong type.
        """
        if kwargs:
            warn_of_arguments("decode", kwargs)
        known = None
        if not self._plain or not self._jws._plain:
            decoded = self.decode_complete(
                jwt,
                key,
                algorithms,
                options,
                verify=verify,
                detached_payload=detached_payload,
                audience=audience,
                subject=subject,
                issuer=issuer,
                leeway=leeway,
            )
            return decoded["payload"]  # type: ignore[no-any-return]
        if verify is None and detached_payload is None:
            try:
                verify_token, _, warning = find_verifier(
                    self._jws._table,
                    key,
                    algorithms,
                    options,
                    audience,
                    issuer,
                    subject,
                    leeway,
                    self._standing,
                )
            except Exception:  # noqa: S110 - the exact way below has PyJWT's laxness and its words.
                pass
            else:
                try:
                    claims = verify_token(jwt)
                except InvalidTokenError as refusal:
                    known = known_from(jwt, refusal, warning)
                else:
                    if warning is not None:
                        warn_of_key(warning, enforced=False)
                    return claims
        decoded = self._decode_exactly(
            jwt, key, algorithms, options, verify, detached_payload, audience, issuer, subject, leeway, known
        )
        return decoded["payload"]  # type: ignore[no-any-return]


def _with_numeric_dates(payload: dict[str, Any]) -> dict[str, Any]:
    """A copy in which the dates that are objects are NumericDates (RFC 7519 section 2)."""
    payload = payload.copy()
    for name in ("exp", "iat", "nbf"):
        if isinstance(payload.get(name), datetime):
            payload[name] = timegm(payload[name].utctimetuple())
    return payload


_jwt_global_obj = PyJWT()
_jwt_global_obj._jws = _jws_global_obj
encode = _jwt_global_obj.encode
decode_complete = _jwt_global_obj.decode_complete
if TYPE_CHECKING:
    decode = _jwt_global_obj.decode
else:
    decode = quick_decode(_jwt_global_obj)
