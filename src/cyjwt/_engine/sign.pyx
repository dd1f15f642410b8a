"""The one pass of signing: from claims to the text of a token.

The header is fixed when a signer is made, so that its segment is encoded once. The payload is written into
one buffer, encoded straight into the token's ``str``, and signed where it stands.
"""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from cyjwt._engine.base64url cimport encode, encoded_size
from cyjwt._engine.clock cimport LAST_SECOND, read_clock
from cyjwt._engine.jsonwrite cimport (
    Text,
    append,
    append_integer,
    close_text,
    open_text,
    write_open_object,
)
from cyjwt._engine.pkey cimport (
    LARGEST_SIGNATURE,
    NativeKey,
    fits,
    is_quick,
    make_signature,
    row_by_id,
    signature_size,
)
from cyjwt._engine.pyraw cimport Py_DECREF, PyUnicode_1BYTE_DATA, PyUnicode_New

from cyjwt.errors import InvalidKeyError


cdef class SignEngine:
    """A signer's compiled form. ``cyjwt.Signer`` is its face; options come validated.

    Args:
        header: the header's JSON text.
        native: the ``NativeKey``, or ``None`` where the key has none.
        key: the key itself.
        algorithm: the name of the algorithm.
        row: its id.
        members: pairs of a claim's name and the JSON text of its value, for claims that are not given.
        lifetime: seconds from ``iat`` to ``exp``, or -1 to add neither.
        clock: a callable that returns seconds since 1970, or ``None`` for the system's clock.
        default: the hook for values of other types, or ``None``.
        bare: refuse a ``datetime`` among the claims.
    """

    def __cinit__(
        self, bytes header not None, NativeKey native, key, str algorithm, int row, tuple members,
        long long lifetime, clock, default, bint bare=False
    ):
        cdef bytearray segment = bytearray(b"." * (encoded_size(len(header)) + 1))
        encode(<const uint8_t*>header, len(header), <uint8_t*><char*>segment)
        self._compiled = (header, native, key, algorithm, row, members, lifetime, clock, default)
        self._header = bytes(segment)
        self._native = native
        self._key = key
        self._algorithm = algorithm
        self._row = row_by_id(row)
        if self._row == NULL or (native is not None and not fits(&native.native, self._row)):
            raise ValueError("the key does not serve the algorithm")
        self._members = members
        self._lifetime = lifetime
        self._clock = clock
        self._default = default
        self._bare = bare

    def sign(self, claims, /):
        """Sign a claims set.

        Args:
            claims: the claims, a ``dict``. ``datetime`` values with a time zone become NumericDates.

        Returns:
            The token, in the compact serialization (RFC 7515 section 7.1).

        Raises:
            TypeError: a value that JSON has no form for; the message names its path.
            ValueError: a value that JSON cannot hold, such as NaN; the message names its path.

        Example:
            >>> import cyjwt
            >>> cyjwt.Signer(cyjwt.Key.generate("HS256")).sign({"sub": "42"}).count(".")
            2
        """
        cdef Text text
        open_text(&text, b"claims")
        text.bare = self._bare
        try:
            write_claims(self, &text, claims, moment(self))
            return make_token(self, &text)
        finally:
            close_text(&text)


cdef int write_name(Text* text, bytes name) except -1:
    if text.data[text.used - 1] != 0x7B:
        append(text, b",", 1)
    append(text, b'"', 1)
    append(text, <const uint8_t*>name, <size_t>len(name))
    return append(text, b'":', 2)


cdef long long moment(SignEngine engine) except -1:
    cdef long long now
    if engine._lifetime < 0:
        return 0
    now = <long long>read_clock(engine._clock)
    if now + engine._lifetime > LAST_SECOND:
        raise ValueError("the lifetime ends after the year 9999")
    return now


cdef int write_claims(SignEngine engine, Text* text, object claims, long long now) except -1:
    if not isinstance(claims, dict):
        raise TypeError(f"{text.root.decode('ascii')} must be a dict, not {type(claims).__name__}")
    claims = write_open_object(text, claims, engine._default)
    if engine._members is not None or engine._lifetime >= 0:
        write_added(engine, text, claims, now)
    return append(text, b"}", 1)


cdef int write_added(SignEngine engine, Text* text, dict claims, long long now) except -1:
    """The signer's own claims, where the caller gave none of that name."""
    cdef bytes value
    for name, value in engine._members or ():
        if name not in claims:
            write_name(text, name.encode())
            append(text, <const uint8_t*>value, <size_t>len(value))
    if engine._lifetime >= 0:
        if "iat" not in claims:
            write_name(text, b"iat")
            append_integer(text, now)
        if "exp" not in claims:
            write_name(text, b"exp")
            append_integer(text, now + engine._lifetime)
    return 0


cdef PyObject* unsigned_token(
    SignEngine engine, const Text* payload, Py_ssize_t signature_octets
) except NULL:
    cdef Py_ssize_t header_size = len(engine._header)
    cdef Py_ssize_t signing_size = header_size + encoded_size(<Py_ssize_t>payload.used)
    cdef PyObject* token = PyUnicode_New(signing_size + 1 + encoded_size(signature_octets), 127)
    cdef uint8_t* p
    if token == NULL:
        raise MemoryError
    p = PyUnicode_1BYTE_DATA(token)
    memcpy(p, <const char*>engine._header, header_size)
    encode(payload.data, <Py_ssize_t>payload.used, p + header_size)
    return token


cdef object make_token(SignEngine engine, Text* payload):
    cdef uint8_t[LARGEST_SIGNATURE] signature
    cdef Py_ssize_t header_size = len(engine._header)
    cdef Py_ssize_t signing_size = header_size + encoded_size(<Py_ssize_t>payload.used)
    cdef Py_ssize_t size
    cdef PyObject* token
    cdef uint8_t* p
    cdef bytes made
    if engine._native is None:
        data = bytearray(signing_size)
        memcpy(<char*>data, <const char*>engine._header, header_size)
        encode(payload.data, <Py_ssize_t>payload.used, <uint8_t*><char*>data + header_size)
        made = engine._key.sign(bytes(data), engine._algorithm)
        size = len(made)
        if size > LARGEST_SIGNATURE:
            raise InvalidKeyError("the signature is longer than any algorithm's")
        memcpy(signature, <const char*>made, size)
    else:
        size = signature_size(&engine._native.native, engine._row)
    token = unsigned_token(engine, payload, size)
    p = PyUnicode_1BYTE_DATA(token)
    if engine._native is not None:
        if is_quick(engine._row, <size_t>signing_size):
            size = make_signature(&engine._native.native, engine._row, p, signing_size, signature)
        else:
            with nogil:
                size = make_signature(&engine._native.native, engine._row, p, signing_size, signature)
    if size < 0:
        Py_DECREF(token)
        raise InvalidKeyError("libcrypto could not sign with this key")
    p[signing_size] = 0x2E
    encode(signature, size, p + signing_size + 1)
    result = <object>token
    Py_DECREF(token)
    return result
