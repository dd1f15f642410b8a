"""PyJWS: signatures over any octets (RFC 7515), and the algorithms that it knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from cyjwt.jwt import _read
from cyjwt.jwt._headers import (
    ALGORITHM_UNSET,
    allowed_algorithms,
    build_header,
    check_critical,
    check_kid,
    check_types,
    chosen_algorithm,
)
from cyjwt.jwt._known import Known
from cyjwt.jwt._notices import warn_of_arguments, warn_of_key
from cyjwt.jwt._registry import AlgorithmRegistry
from cyjwt.jwt._watch import replaces
from cyjwt.jwt.api_jwk import PyJWK
from cyjwt.jwt.exceptions import (
    DecodeError,
    InvalidAlgorithmError,
    InvalidSignatureError,
    InvalidTokenError,
)
from cyjwt.jwt.utils import base64url_encode

if TYPE_CHECKING:
    from typing import TypeAlias

    from cyjwt.jwt.algorithms import AllowedPrivateKeys, AllowedPublicKeys
    from cyjwt.jwt.types import SigOptions

    PrivateKey: TypeAlias = AllowedPrivateKeys | PyJWK | str | bytes
    PublicKey: TypeAlias = AllowedPublicKeys | PyJWK | str | bytes

__all__ = [
    "PyJWS",
    "decode",
    "decode_complete",
    "encode",
    "get_algorithm_by_name",
    "get_unverified_header",
    "register_algorithm",
    "unregister_algorithm",
]


class Opened(NamedTuple):
    """The parts of a token: the payload is what was signed, not yet read."""

    header: dict[str, Any]
    payload: bytes
    signature: bytes
    signing_input: bytes

    def as_dict(self) -> dict[str, Any]:
        """The parts as callers get them."""
        return {"payload": self.payload, "header": self.header, "signature": self.signature}


class PyJWS(AlgorithmRegistry):
    """Signs octets and verifies signatures with the algorithms that it knows.

    Args:
        algorithms: the names of those to know; all there are when left out.
        options: ``verify_signature`` and ``enforce_minimum_key_length``.

    Attributes:
        options: the options, each of them.
        header_typ: the ``typ`` of the tokens that it makes.

    Example:
        >>> from cyjwt import jwt
        >>> jws = jwt.PyJWS()
        >>> token = jws.encode(b"any octets", "a secret of thirty-two octets or more", algorithm="HS256")
        >>> jws.decode(token, "a secret of thirty-two octets or more", algorithms=["HS256"])
        b'any octets'
    """

    header_typ = "JWT"

    #: The header extensions that it understands (RFC 7515 section 4.1.11).
    _supported_crit: ClassVar[set[str]] = {"b64"}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        type.__setattr__(cls, "_plain", cls._plain and not replaces(cls, PyJWS))

    def __init__(self, algorithms: Sequence[str] | None = None, options: SigOptions | None = None) -> None:
        super().__init__(algorithms)
        self.options: SigOptions = self._get_default_options()
        if options is not None:
            self.options = {**self.options, **options}

    @staticmethod
    def _get_default_options() -> SigOptions:
        return {"verify_signature": True, "enforce_minimum_key_length": False}

    # --- signing -------------------------------------------------------------------------------------

    def encode(
        self,
        payload: bytes,
        key: PrivateKey,
        algorithm: str | None = ALGORITHM_UNSET,
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
        is_payload_detached: bool = False,
        sort_headers: bool = True,
    ) -> str:
        """Sign octets.

        Args:
            payload: the octets.
            key: PEM, a secret, an object of ``cryptography``, or a ``PyJWK``.
            algorithm: the algorithm. Left out it is the ``PyJWK``'s, or HS256; None stands for ``"none"``
                where the key is no ``PyJWK``. An ``alg`` in ``headers`` comes before it.
            headers: further header members. A ``b64`` of False detaches the payload.
            json_encoder: the class that writes the header as JSON.
            is_payload_detached: leave the payload out of the token (RFC 7797).
            sort_headers: write the header's members in the order of their names.

        Returns:
            The token, in the compact serialization.

        Raises:
            NotImplementedError: the algorithm is not known.
            InvalidKeyError: the key cannot be read as what the algorithm needs.
            InvalidTokenError: a header member of a wrong type.
        """
        name = chosen_algorithm(key, algorithm, headers)
        if headers:
            self._validate_headers(headers, encoding=True)
        header = build_header(self.header_typ, name, headers, detached=is_payload_detached)
        detached = "b64" in header
        text = json.dumps(header, separators=(",", ":"), cls=json_encoder, sort_keys=sort_headers)
        head = base64url_encode(text.encode())
        signing_input = b".".join((head, payload if detached else base64url_encode(payload)))
        algorithm_object = self.get_algorithm_by_name(name)
        prepared = algorithm_object.prepare_key(key.key if isinstance(key, PyJWK) else key)
        warn_of_key(
            algorithm_object.check_key_length(prepared),
            enforced=bool(self.options.get("enforce_minimum_key_length", False)),
        )
        signature = base64url_encode(algorithm_object.sign(signing_input, prepared))
        return b".".join((head + b"." if detached else signing_input, signature)).decode()

    # --- verifying -----------------------------------------------------------------------------------

    def decode_complete(
        self,
        jwt: str | bytes,
        key: PublicKey = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
        detached_payload: bytes | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Verify a token and give all its parts.

        Args:
            jwt: the token.
            key: PEM, a secret, an object of ``cryptography``, or a ``PyJWK``.
            algorithms: the names of the algorithms to allow; may be left out for a ``PyJWK``.
            options: options that differ from the object's.
            detached_payload: what was signed, where the token's header says that it is not in it.
            **kwargs: do nothing, and warn.

        Returns:
            A dict of ``payload`` (octets), ``header`` (its members) and ``signature`` (octets).

        Raises:
            InvalidTokenError: the token must not be trusted.
            InvalidKeyError: the key cannot be read as what the algorithm needs.
        """
        if kwargs:
            warn_of_arguments("decode_complete", kwargs)
        opened = self._open(jwt, key, algorithms, options, detached_payload)
        return opened.as_dict()

    def decode(
        self,
        jwt: str | bytes,
        key: PublicKey = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
        detached_payload: bytes | None = None,
        **kwargs: Any,
    ) -> Any:
        """Verify a token and give its payload. See ``decode_complete``."""
        if kwargs:
            warn_of_arguments("decode", kwargs)
        decoded = self.decode_complete(jwt, key, algorithms, options, detached_payload=detached_payload)
        return decoded["payload"]

    def get_unverified_header(self, jwt: str | bytes) -> dict[str, Any]:
        """The header's members of a token that nobody has verified.

        Raises:
            InvalidTokenError: the token is not well formed.
        """
        header = self._load(jwt).header
        self._validate_headers(header)
        return header

    def _open(
        self,
        jwt: str | bytes,
        key: PublicKey,
        algorithms: Sequence[str] | None,
        options: SigOptions | None,
        detached_payload: bytes | None,
        known: Known | None = None,
    ) -> Opened:
        merged: SigOptions = self.options if options is None else {**self.options, **options}
        if merged["verify_signature"] and not algorithms and not isinstance(key, PyJWK):
            raise DecodeError(
                'It is required that you pass in a value for the "algorithms" argument when calling decode().'
            )
        opened = self._load(jwt)
        self._validate_headers(opened.header)
        unencoded = opened.header.get("b64", True) is False
        if detached_payload is not None and not unencoded:
            raise DecodeError(
                'It is only valid to pass "detached_payload" when the protected header has "b64" set to false.'
            )
        if unencoded:
            opened = self._attach(opened, detached_payload)
        if known is not None:
            known.tell()
        elif merged["verify_signature"]:
            self._verify_signature(
                opened.signing_input, opened.header, opened.signature, key, algorithms, merged
            )
        return opened

    def _attach(self, opened: Opened, payload: bytes | None) -> Opened:
        critical = opened.header.get("crit")
        if not isinstance(critical, list) or "b64" not in critical:
            raise InvalidTokenError("The 'b64' header parameter requires 'b64' to be listed in 'crit'.")
        if payload is None:
            raise DecodeError(
                'It is required that you pass in a value for the "detached_payload" argument to decode a '
                "message having the b64 header set to false."
            )
        signing_input = opened.signing_input.partition(b".")[0] + b"." + payload
        return opened._replace(payload=payload, signing_input=signing_input)

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        return _read.decode_segment(segment, name)

    def _load(self, jwt: str | bytes) -> Opened:
        header_segment, payload_segment, signature_segment = _read.split_token(jwt)
        text = self._decode_base64url_segment(header_segment, "header")
        header = _read.read_json(text, "header")
        _read.ask_for_strict_json(text, "header")
        payload = b""
        if header.get("b64", True) is False:
            # RFC 7797 section 5.2: detached, or else nobody could tell where it ends.
            if payload_segment:
                raise DecodeError("Payload segment must be empty when 'b64' is false.")
        else:
            payload = self._decode_base64url_segment(payload_segment, "payload")
        signature = self._decode_base64url_segment(signature_segment, "crypto")
        return Opened(header, payload, signature, header_segment + b"." + payload_segment)

    def _verify_signature(
        self,
        signing_input: bytes,
        header: dict[str, Any],
        signature: bytes,
        key: PublicKey = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
    ) -> None:
        if "alg" not in header:
            raise InvalidAlgorithmError("Algorithm not specified")
        alg = header["alg"]
        allowed = allowed_algorithms(key, algorithms)
        if not isinstance(alg, str) or alg not in allowed:
            raise InvalidAlgorithmError("The specified alg value is not allowed")
        if isinstance(key, PyJWK):
            # The key decides; the header only says that it agrees.
            if alg != key.algorithm_name:
                raise InvalidAlgorithmError(
                    f"Token algorithm does not match the key's algorithm {key.algorithm_name!r}"
                )
            algorithm, material = key.Algorithm, key.key
        else:
            try:
                algorithm, material = self.get_algorithm_by_name(alg), key
            except NotImplementedError:
                raise InvalidAlgorithmError("Algorithm not supported") from None
        prepared = algorithm.prepare_key(material)
        merged = self.options if options is None else options
        warn_of_key(
            algorithm.check_key_length(prepared),
            enforced=bool(merged.get("enforce_minimum_key_length", False)),
        )
        if not algorithm.verify(signing_input, prepared, signature):
            raise InvalidSignatureError("Signature verification failed")

    def _validate_headers(self, headers: dict[str, Any], *, encoding: bool = False) -> None:
        if "kid" in headers:
            self._validate_kid(headers["kid"])
        if not encoding:
            if "crit" in headers:
                self._validate_crit(headers)
            check_types(headers)

    def _validate_kid(self, kid: object) -> None:
        check_kid(kid)

    def _validate_crit(self, headers: dict[str, Any]) -> None:
        check_critical(headers, self._supported_crit)


_jws_global_obj = PyJWS()
encode = _jws_global_obj.encode
decode_complete = _jws_global_obj.decode_complete
decode = _jws_global_obj.decode
register_algorithm = _jws_global_obj.register_algorithm
unregister_algorithm = _jws_global_obj.unregister_algorithm
get_algorithm_by_name = _jws_global_obj.get_algorithm_by_name
get_unverified_header = _jws_global_obj.get_unverified_header
