"""Native key handles: owns them, and signs and verifies one signature with them.

The one module that is linked with libcrypto. What a family needs lies in its own part: ``pkey_hmac``,
``pkey_rsa``, ``pkey_ec``, ``pkey_ed25519``; this module chooses the part and holds no policy: which key may
serve which token is decided in ``cyjwt.keys``.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING

from cyjwt import algorithms
from cyjwt._engine cimport compare, der
from cyjwt._engine.libcrypto cimport CYJWT_LIBCRYPTO_NAME, CYJWT_LIBCRYPTO_VERSION, OPENSSL_cleanse
from cyjwt._engine.pkey_container cimport Container, read_pkcs8, read_spki, write_pkcs8, write_spki
from cyjwt._engine.pkey_ec cimport EcKey, ec_read_private, ec_read_public, ec_sign, ec_verify, ec_well_formed
from cyjwt._engine.pkey_ed25519 cimport (
    EdKey, ed25519_read, ed25519_sign, ed25519_verify, ed25519_well_formed)
from cyjwt._engine.pkey_hmac cimport HmacKey, hash_message, hmac_new, hmac_tag
from cyjwt._engine.pkey_native cimport (
    algorithm_octets, native_free, native_numbers, private_octets, public_octets)
from cyjwt._engine.pkey_rsa cimport (
    RsaKey, rsa_encode, rsa_pss_holds, rsa_read, rsa_sign, rsa_verify, rsa_well_formed)
from cyjwt._engine.pkey_rows cimport curve_numbers, fill_rows

cdef Row[ROWS] _rows
fill_rows(_rows, algorithms)
_CURVES = {number: name for name, number in curve_numbers().items()}


cdef const Row* row_by_id(int id) noexcept nogil:
    if id < 1 or id >= ROWS or _rows[id].id == 0:
        return NULL
    return &_rows[id]


cdef bint fits(const Native* key, const Row* row) noexcept nogil:
    cdef int family
    if row == NULL or key.kind == FAMILY_NONE:
        return 0
    family = FAMILY_RSA_PKCS1 if row.family == FAMILY_RSA_PSS else row.family
    return family == key.kind and row.curve == key.curve


cdef Py_ssize_t signature_size(const Native* key, const Row* row) noexcept nogil:
    if not fits(key, row):
        return 0
    if key.kind == FAMILY_RSA_PKCS1:
        return (<RsaKey*> key.handle).size
    return row.signature_size


cdef int verify_signature(const Native* key, const Row* row, const unsigned char* data, size_t n,
                          const unsigned char* sig, size_t sig_len) noexcept nogil:
    cdef unsigned char[LARGEST_HASH] digest
    cdef int verdict
    if not fits(key, row):
        return 0
    if key.kind == FAMILY_HMAC:
        # The length of a tag is public: one truncated or extended is refused before anything is hashed.
        if sig_len != <size_t> row.signature_size:
            return 0
        hmac_tag(<HmacKey*> key.handle, row.hash_bits, data, n, digest)
        verdict = compare.equal(digest, sig, sig_len)
        OPENSSL_cleanse(digest, sizeof(digest))
        return verdict
    if key.kind == FAMILY_OKP:
        return ed25519_verify(<EdKey*> key.handle, data, n, sig, sig_len)
    hash_message(row.hash_bits, data, n, digest)
    if key.kind == FAMILY_EC:
        return ec_verify(<EcKey*> key.handle, digest, row.hash_bits // 8, sig, sig_len)
    return rsa_verify(<RsaKey*> key.handle, row.family == FAMILY_RSA_PSS, row.hash_bits, digest, sig,
                      sig_len)


cdef Py_ssize_t make_signature(const Native* key, const Row* row, const unsigned char* data, size_t n,
                               unsigned char* out) noexcept nogil:
    cdef unsigned char[LARGEST_HASH] digest
    cdef int done
    if not fits(key, row) or not key.private:
        return -1
    if key.kind == FAMILY_HMAC:
        hmac_tag(<HmacKey*> key.handle, row.hash_bits, data, n, out)
        return row.signature_size
    if key.kind == FAMILY_OKP:
        done = ed25519_sign(<EdKey*> key.handle, data, n, out)
    else:
        hash_message(row.hash_bits, data, n, digest)
        if key.kind == FAMILY_EC:
            done = ec_sign(<EcKey*> key.handle, digest, row.hash_bits // 8, out)
        else:
            done = rsa_sign(<RsaKey*> key.handle, row.family == FAMILY_RSA_PSS, row.hash_bits, digest, out)
    return signature_size(key, row) if done == 1 else -1


cdef bint is_well_formed(const Native* key, const Row* row, const unsigned char* sig,
                         size_t sig_len) noexcept nogil:
    if key.kind == FAMILY_RSA_PKCS1:
        return rsa_well_formed(<RsaKey*> key.handle, sig, sig_len)
    if key.kind == FAMILY_EC:
        return ec_well_formed(<EcKey*> key.handle, sig, sig_len)
    if key.kind == FAMILY_OKP:
        return ed25519_well_formed(sig, sig_len)
    return sig_len == <size_t> row.signature_size


cdef void hash_data(const Row* row, const unsigned char* data, size_t n, unsigned char* out) noexcept nogil:
    hash_message(row.hash_bits, data, n, out)


cdef bint pss_holds(const Native* key, const Row* row, const unsigned char* digest,
                    const unsigned char* em) noexcept nogil:
    return rsa_pss_holds(<RsaKey*> key.handle, row.hash_bits, digest, em)


cdef bint encode_message(const Native* key, const Row* row, const unsigned char* digest,
                         unsigned char* em) noexcept nogil:
    return rsa_encode(<RsaKey*> key.handle, row.family == FAMILY_RSA_PSS, row.hash_bits, digest, em)


cdef void wipe(void* data, size_t n) noexcept nogil:
    OPENSSL_cleanse(data, n)


cdef NativeKey _adopt(int kind, void* handle, bint private):
    # Wraps a handle of one of the parts, and from here on owns it.
    cdef NativeKey key = NativeKey.__new__(NativeKey)
    key.native.handle = handle
    key.native.kind = kind
    key.native.private = private
    key.curve = ""
    if kind == FAMILY_HMAC:
        key.kind, key.bits = "oct", 8 * (<HmacKey*> handle).size
    elif kind == FAMILY_RSA_PKCS1:
        key.kind, key.bits = "RSA", (<RsaKey*> handle).bits
    elif kind == FAMILY_EC:
        key.native.curve = (<EcKey*> handle).curve
        key.kind, key.bits = "EC", (<EcKey*> handle).bits
        key.curve = _CURVES[key.native.curve]
    else:
        key.native.curve = CURVE_ED25519
        key.kind, key.bits = "OKP", 255
        key.curve = _CURVES[key.native.curve]
    native_numbers(&key.native)
    return key


cdef const Row* _row(NativeKey key, int alg_id) except NULL:
    cdef const Row* row = row_by_id(alg_id)
    if row == NULL:
        raise ValueError("there is no algorithm of that id")
    if not fits(&key.native, row):
        raise ValueError("the algorithm does not fit the key")
    return row


@cython.final
cdef class NativeKey:
    """One native key, immutable and safe to share between threads.

    Made by ``from_secret``, ``from_spki`` or ``from_pkcs8``.

    Attributes:
        kind: the JWK ``kty``: ``"oct"``, ``"RSA"``, ``"EC"`` or ``"OKP"``.
        curve: the JWK ``crv``, or ``""``.
        private: whether it holds private or secret material.
        bits: bits of the modulus, of the curve, or of the secret.

    Example:
        >>> from cyjwt._engine.pkey import NativeKey
        >>> key = NativeKey.from_secret(b"0123456789abcdef0123456789abcdef")
        >>> key.verify(1, b"data", key.sign(1, b"data"))
        True
    """

    @property
    def private(self):
        """Whether it holds private or secret material."""
        return self.native.private

    def __init__(self):
        raise TypeError("NativeKey is made by from_secret, from_spki or from_pkcs8")

    def __dealloc__(self):
        native_free(&self.native)

    def __reduce__(self):
        raise TypeError("a NativeKey is not picklable; pickle the cyjwt.Key that holds it")

    def __repr__(self):
        half = "private" if self.native.private else "public"
        return f"<NativeKey {self.kind} {self.curve or self.bits} {half}>"

    @staticmethod
    def from_secret(bytes secret not None):
        """Make a key for HMAC.

        Args:
            secret: the octets; at least one. Whether they are enough for a hash is for ``cyjwt.keys`` to say.

        Returns:
            The key, which holds a copy.

        Raises:
            ValueError: the secret is empty.
        """
        cdef HmacKey* handle
        if not secret:
            raise ValueError("the secret is empty")
        if len(secret) > 0x7FFFFFF:
            raise ValueError("the secret is too long")
        handle = hmac_new(<const unsigned char*> PyBytes_AS_STRING(secret), len(secret))
        if handle == NULL:
            raise MemoryError
        return _adopt(FAMILY_HMAC, handle, True)

    @staticmethod
    def from_spki(bytes data not None, *, bint allow_small_exponent=False):
        """Read a public key.

        Args:
            data: a SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7).
            allow_small_exponent: admit odd RSA exponents from 3 on, instead of from 65537 on.

        Returns:
            The key.

        Raises:
            ValueError: it cannot be read, is of a type that JOSE does not use, or must not be trusted.
        """
        cdef Container found
        read_spki(<const unsigned char*> PyBytes_AS_STRING(data), len(data), &found)
        if found.kind == FAMILY_RSA_PKCS1:
            return _adopt(
                found.kind, rsa_read(&found.parameters, &found.octets, False, allow_small_exponent), False)
        if found.kind == FAMILY_EC:
            return _adopt(found.kind, ec_read_public(&found.parameters, &found.octets), False)
        return _adopt(found.kind, ed25519_read(&found.parameters, &found.octets, False), False)

    @staticmethod
    def from_pkcs8(bytes data not None, *, bint allow_small_exponent=False):
        """Read a private key.

        Args:
            data: an unencrypted PrivateKeyInfo in DER (RFC 5958 section 2).
            allow_small_exponent: admit odd RSA exponents from 3 on, instead of from 65537 on.

        Returns:
            The key.

        Raises:
            ValueError: it cannot be read, is of a type that JOSE does not use, or must not be trusted.
        """
        cdef Container found
        cdef NativeKey key
        read_pkcs8(<const unsigned char*> PyBytes_AS_STRING(data), len(data), &found)
        if found.kind == FAMILY_RSA_PKCS1:
            key = _adopt(
                found.kind, rsa_read(&found.parameters, &found.octets, True, allow_small_exponent), True)
        elif found.kind == FAMILY_EC:
            key = _adopt(found.kind, ec_read_private(&found.parameters, &found.octets), True)
        else:
            key = _adopt(found.kind, ed25519_read(&found.parameters, &found.octets, True), True)
        public = public_octets(&key.native)
        if found.has_public and der.octets(found.public.p, der.left(&found.public)) != public:
            raise ValueError("the public key is not that of the private key")
        return key

    def secret(self):
        """Return the octets of a secret.

        Returns:
            A copy.

        Raises:
            ValueError: it is not a secret.
        """
        if self.native.kind != FAMILY_HMAC:
            raise ValueError("the key is not a secret")
        return der.octets((<HmacKey*> self.native.handle).secret, (<HmacKey*> self.native.handle).size)

    def spki(self):
        """Return the public key.

        Returns:
            A SubjectPublicKeyInfo in DER.

        Raises:
            ValueError: it is a secret, which has no public half.
        """
        if self.native.kind in (FAMILY_NONE, FAMILY_HMAC):
            raise ValueError("a secret has no public half")
        return write_spki(algorithm_octets(&self.native), public_octets(&self.native))

    def pkcs8(self):
        """Return the private key.

        Returns:
            An unencrypted PrivateKeyInfo in DER, version 0.

        Raises:
            ValueError: it is a public key or a secret.
        """
        if self.native.kind in (FAMILY_NONE, FAMILY_HMAC) or not self.native.private:
            raise ValueError("a public key or a secret has no private half")
        return write_pkcs8(algorithm_octets(&self.native), private_octets(&self.native))

    def public(self):
        """Return the public half: the key itself when it is public.

        Returns:
            A key that holds nothing private.

        Raises:
            ValueError: it is a secret, which has no public half.
        """
        if not self.native.private and self.native.kind != FAMILY_NONE:
            return self
        # A key that was let in with a small exponent keeps it.
        return NativeKey.from_spki(self.spki(), allow_small_exponent=True)

    def equals(self, NativeKey other not None):
        """Compare the material, in a time that does not depend on it.

        Args:
            other: another key.

        Returns:
            True when both are the same secret, the same private key, or the same public key.
        """
        if self.native.kind != other.native.kind or self.native.private != other.native.private:
            return False
        if self.native.kind == FAMILY_NONE:
            return self is other
        # The public half settles which private key it is: both were checked to belong together.
        cdef bytes mine = self.secret() if self.native.kind == FAMILY_HMAC else self.spki()
        cdef bytes theirs = other.secret() if self.native.kind == FAMILY_HMAC else other.spki()
        if len(mine) != len(theirs):
            return False
        return compare.equal(<const unsigned char*> PyBytes_AS_STRING(mine),
                             <const unsigned char*> PyBytes_AS_STRING(theirs), len(mine))

    def sign(self, int alg_id, bytes data not None):
        """Sign one message.

        Args:
            alg_id: the ``id`` of a row of ``cyjwt.algorithms.ALGORITHMS``.
            data: the message; for a JWS its signing input.

        Returns:
            The signature in JOSE form.

        Raises:
            ValueError: the algorithm does not fit the key, or the key is public.
            RuntimeError: libcrypto failed.
        """
        cdef const Row* row = _row(self, alg_id)
        cdef unsigned char[LARGEST_SIGNATURE] out
        cdef const unsigned char* p = <const unsigned char*> PyBytes_AS_STRING(data)
        cdef size_t n = len(data)
        cdef Py_ssize_t size
        if not self.native.private:
            raise ValueError("a public key does not sign")
        if is_quick(row, n):
            size = make_signature(&self.native, row, p, n, out)
        else:
            with nogil:
                size = make_signature(&self.native, row, p, n, out)
        if size < 0:
            raise RuntimeError("libcrypto could not sign")
        return out[:size]

    def verify(self, int alg_id, bytes data not None, bytes signature not None):
        """Verify one signature.

        Args:
            alg_id: the ``id`` of a row of ``cyjwt.algorithms.ALGORITHMS``.
            data: the message; for a JWS its signing input.
            signature: the signature in JOSE form.

        Returns:
            Whether it holds.

        Raises:
            ValueError: the algorithm does not fit the key.
            RuntimeError: libcrypto failed.
        """
        cdef const Row* row = _row(self, alg_id)
        cdef const unsigned char* p = <const unsigned char*> PyBytes_AS_STRING(data)
        cdef const unsigned char* sig = <const unsigned char*> PyBytes_AS_STRING(signature)
        cdef size_t n = len(data), sig_len = len(signature)
        cdef int verdict
        if is_quick(row, n):
            verdict = verify_signature(&self.native, row, p, n, sig, sig_len)
        else:
            with nogil:
                verdict = verify_signature(&self.native, row, p, n, sig, sig_len)
        if verdict < 0:
            raise RuntimeError("libcrypto could not verify")
        return verdict == 1


def libcrypto_name():
    """Return ``"AWS-LC"`` or ``"OpenSSL"``: what this module was built with."""
    return CYJWT_LIBCRYPTO_NAME.decode()


def libcrypto_version():
    """Return the name and version of the libcrypto that is in use."""
    return CYJWT_LIBCRYPTO_VERSION.decode()
