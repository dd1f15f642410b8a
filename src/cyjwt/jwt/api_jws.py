"""PyJWS: signatures over any octets (RFC 7515), and the algorithms that it knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from cyjwt.jwt import _read
from cyjwt.jwt._notices import warn_of_arguments, warn_of_key
from cyjwt.jwt.algorithms import Algorithm, get_default_algorithms, has_crypto, requires_cryptography
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

#: Stands for an ``algorithm`` that the caller left out, which is another thing than None.
_ALGORITHM_UNSET: Final[Any] = object()


class Opened(NamedTuple):
    """The parts of a token: the payload is what was signed, not yet read."""

    header: dict[str, Any]
    payload: bytes
    signature: bytes
    signing_input: bytes


class PyJWS:
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

    def __init__(self, algorithms: Sequence[str] | None = None, options: SigOptions | None = None) -> None:
        self._algorithms = get_default_algorithms()
        self._valid_algs = set(self._algorithms if algorithms is None else algorithms)
        for name in self._algorithms.keys() - self._valid_algs:
            del self._algorithms[name]
        self.options: SigOptions = self._get_default_options()
        if options is not None:
            self.options = {**self.options, **options}

    @staticmethod
    def _get_default_options() -> SigOptions:
        return {"verify_signature": True, "enforce_minimum_key_length": False}

    # --- algorithms ----------------------------------------------------------------------------------

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

    def unregister_algorithm(self, alg_id: str) -> None:
        """Forget an algorithm.

        Raises:
            KeyError: there is none of that name.
        """
        if alg_id not in self._algorithms:
            raise KeyError("The specified algorithm could not be removed because it is not registered.")
        del self._algorithms[alg_id]
        self._valid_algs.remove(alg_id)

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

    # --- signing -------------------------------------------------------------------------------------

    def encode(
        self,
        payload: bytes,
        key: PrivateKey,
        algorithm: str | None = _ALGORITHM_UNSET,
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
        header = self._header(name, headers, is_payload_detached)
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

    def _header(self, algorithm: str, headers: dict[str, Any] | None, detached: bool) -> dict[str, Any]:
        header: dict[str, Any] = {"typ": self.header_typ, "alg": algorithm}
        if headers:
            self._validate_headers(headers, encoding=True)
            header.update(headers)
            detached = detached or headers.get("b64") is False
        if not header["typ"]:
            del header["typ"]
        # True is what b64 is without being stated.
        header.pop("b64", None)
        if detached:
            critical = header.get("crit", [])
            if not isinstance(critical, list):
                raise InvalidTokenError("Invalid 'crit' header: must be a list")
            # RFC 7797 section 6: whoever does not know b64 must notice it.
            header["b64"] = False
            header["crit"] = critical if "b64" in critical else [*critical, "b64"]
        return header

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
        return {"payload": opened.payload, "header": opened.header, "signature": opened.signature}

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
        if merged["verify_signature"]:
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
            if not isinstance(headers.get("b64", True), bool):
                raise InvalidTokenError("Invalid 'b64' header: must be true or false")
            if not isinstance(headers.get("typ", ""), str):
                raise InvalidTokenError("Invalid 'typ' header: must be a string")

    def _validate_kid(self, kid: object) -> None:
        if not isinstance(kid, str):
            raise InvalidTokenError("Key ID header parameter must be a string")

    def _validate_crit(self, headers: dict[str, Any]) -> None:
        critical = headers["crit"]
        if not isinstance(critical, list) or not critical:
            raise InvalidTokenError("Invalid 'crit' header: must be a non-empty list")
        for name in critical:
            if not isinstance(name, str):
                raise InvalidTokenError("Invalid 'crit' header: values must be strings")
            if name not in self._supported_crit:
                raise InvalidTokenError("Unsupported critical extension")
            if name not in headers:
                raise InvalidTokenError(f"Critical extension '{name}' is missing from headers")


def chosen_algorithm(key: object, algorithm: str | None, headers: dict[str, Any] | None) -> str:
    """The name of the algorithm to sign with."""
    if headers and headers.get("alg"):
        return str(headers["alg"])
    if algorithm is not None and algorithm is not _ALGORITHM_UNSET:
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


_jws_global_obj = PyJWS()
encode = _jws_global_obj.encode
decode_complete = _jws_global_obj.decode_complete
decode = _jws_global_obj.decode
register_algorithm = _jws_global_obj.register_algorithm
unregister_algorithm = _jws_global_obj.unregister_algorithm
get_algorithm_by_name = _jws_global_obj.get_algorithm_by_name
get_unverified_header = _jws_global_obj.get_unverified_header
