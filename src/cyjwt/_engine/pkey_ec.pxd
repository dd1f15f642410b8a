"""ECDSA in JOSE form, raw r || s (RFC 7518 section 3.4, RFC 8812 section 3.2). A part of ``pkey``."""

from libc.stdlib cimport calloc, free

from cyjwt._engine cimport compare, der
from cyjwt._engine.der cimport Der
from cyjwt._engine.libcrypto cimport (
    BIGNUM, BN_bin2bn, BN_bn2binpad, BN_clear_free, BN_free, BN_num_bits, EC_GROUP, EC_GROUP_get0_order,
    EC_KEY, EC_KEY_check_key, EC_KEY_free, EC_KEY_get0_group, EC_KEY_get0_private_key, EC_KEY_get0_public_key,
    EC_KEY_new_by_curve_name, EC_KEY_set_private_key, EC_KEY_set_public_key, EC_POINT, EC_POINT_free,
    EC_POINT_mul, EC_POINT_new, EC_POINT_oct2point, EC_POINT_point2oct, ECDSA_do_sign, ECDSA_do_verify,
    ECDSA_SIG, ECDSA_SIG_free, ECDSA_SIG_get0, ECDSA_SIG_new, ECDSA_SIG_set0, ERR_clear_error, NID_secp256k1,
    NID_secp384r1, NID_secp521r1, NID_X9_62_prime256v1, OPENSSL_cleanse, POINT_CONVERSION_UNCOMPRESSED)
from cyjwt._engine.pkey cimport CURVE_NONE, CURVE_P256, CURVE_P384, CURVE_P521, CURVE_SECP256K1, Numbers
from cyjwt._engine.words cimport to_words

cdef struct EcKey:
    EC_KEY* key
    int curve                    # a Curve of pkey
    int bits
    size_t size                  # octets of the order, and of a coordinate: the same on all four curves
    unsigned char[66] order      # big-endian, size octets
    unsigned long long[9] x      # of the public point, the lowest word first
    unsigned long long[9] y


cdef inline EcKey* ec_new(EC_KEY* handle, int curve) noexcept nogil:
    """Take over a checked key. NULL when out of memory; handle is then still the caller's."""
    cdef const BIGNUM* order = EC_GROUP_get0_order(EC_KEY_get0_group(handle))
    cdef unsigned char[133] point
    cdef EcKey* key = <EcKey*> calloc(1, sizeof(EcKey))
    if key == NULL:
        return NULL
    key.bits = BN_num_bits(order)
    key.size = (key.bits + 7) // 8
    key.key = handle
    key.curve = curve
    if (BN_bn2binpad(order, key.order, <int> key.size) < 0
            or ec_point(key, point, sizeof(point)) != 1 + 2 * key.size):
        free(key)
        return NULL
    to_words(point + 1, key.size, key.x)
    to_words(point + 1 + key.size, key.size, key.y)
    return key


cdef inline size_t ec_point(const EcKey* key, unsigned char* point, size_t room) noexcept nogil:
    """Write ECPoint, uncompressed (RFC 5480 section 2.2); return its length, or 0."""
    return EC_POINT_point2oct(EC_KEY_get0_group(key.key), EC_KEY_get0_public_key(key.key),
                              POINT_CONVERSION_UNCOMPRESSED, point, room, NULL)


cdef inline void ec_numbers(EcKey* key, Numbers* numbers) noexcept nogil:
    """Say where the public numbers lie."""
    numbers.bits = key.bits
    numbers.size = key.size
    numbers.bound = key.order
    numbers.x = key.x
    numbers.y = key.y


cdef inline void ec_free(EcKey* key) noexcept nogil:
    """Release a key; libcrypto wipes the private scalar. NULL is let through."""
    if key != NULL:
        EC_KEY_free(key.key)
        free(key)


cdef inline int _nid(int curve) noexcept nogil:
    if curve == CURVE_P256:
        return NID_X9_62_prime256v1
    if curve == CURVE_P384:
        return NID_secp384r1
    if curve == CURVE_P521:
        return NID_secp521r1
    return NID_secp256k1


cdef inline bytes ec_oid(int curve):
    """Return the curve's object identifier (RFC 5480 section 2.1.1.1, SEC 2 appendix A.2.1)."""
    if curve == CURVE_P256:
        return b"\x2a\x86\x48\xce\x3d\x03\x01\x07"
    if curve == CURVE_P384:
        return b"\x2b\x81\x04\x00\x22"
    if curve == CURVE_P521:
        return b"\x2b\x81\x04\x00\x23"
    return b"\x2b\x81\x04\x00\x0a"


cdef inline int ec_curve(Der* parameters) except -1:
    """Read ECParameters (RFC 5480 section 2.1.1): the name of a curve, and nothing else."""
    cdef Der oid
    cdef int curve
    if der.next_is(parameters, der.SEQUENCE):
        # specifiedCurve MUST NOT be used: who chooses the generator can forge (CVE-2020-0601).
        raise ValueError("the EC key has explicit curve parameters, which RFC 5480 section 2.1.1 forbids")
    if not der.take(parameters, der.OBJECT_IDENTIFIER, &oid) or der.left(parameters):
        raise ValueError("the EC key does not name its curve")
    for curve in (CURVE_P256, CURVE_P384, CURVE_P521, CURVE_SECP256K1):
        name = ec_oid(curve)
        if der.matches(&oid, name, len(name)):
            return curve
    raise ValueError("the EC key is on a curve that JOSE does not use")


cdef inline EcKey* _ec_make(int curve, const Der* octets, const Der* scalar) except NULL:
    # Without octets the public point is computed from the scalar.
    cdef EC_KEY* handle
    cdef const EC_GROUP* group
    cdef EC_POINT* point = NULL
    cdef BIGNUM* d = NULL
    cdef EcKey* key = NULL
    cdef bint valid = False
    # RFC 5480 section 2.2: compressed or uncompressed; neither infinity (00) nor a hybrid form (06, 07).
    if octets != NULL and not (der.left(octets) > 1 and 2 <= octets.p[0] <= 4):
        raise ValueError("the EC public key is neither a compressed nor an uncompressed point")
    with nogil:
        handle = EC_KEY_new_by_curve_name(_nid(curve))
        if handle != NULL:
            group = EC_KEY_get0_group(handle)
            point = EC_POINT_new(group)
            valid = point != NULL
            if valid and scalar != NULL:
                d = BN_bin2bn(scalar.p, <int> der.left(scalar), NULL)
                valid = d != NULL and EC_KEY_set_private_key(handle, d) == 1
            if valid and octets != NULL:
                valid = EC_POINT_oct2point(group, point, octets.p, der.left(octets), NULL) == 1
            elif valid:
                valid = EC_POINT_mul(group, point, d, NULL, NULL, NULL) == 1
            # SEC 1 section 3.2.2.1: on the curve and not infinity; the scalar in range, and the point's own.
            valid = valid and EC_KEY_set_public_key(handle, point) == 1 and EC_KEY_check_key(handle) == 1
            if valid:
                key = ec_new(handle, curve)
            EC_POINT_free(point)
            BN_clear_free(d)
    if key == NULL:
        EC_KEY_free(handle)
        ERR_clear_error()
        if handle == NULL:
            raise ValueError("this libcrypto lacks the curve")
        if valid:
            raise MemoryError
        raise ValueError("the EC key is not valid on its curve")
    return key


cdef inline EcKey* ec_read_public(Der* parameters, Der* octets) except NULL:
    """Read ECPoint (RFC 5480 section 2.2). ValueError says why a key is refused."""
    return _ec_make(ec_curve(parameters), octets, NULL)


cdef inline EcKey* ec_read_private(Der* parameters, Der* octets) except NULL:
    """Read ECPrivateKey (RFC 5915 section 3). ValueError says why a key is refused."""
    cdef Der body, version, scalar, again, tagged, point
    cdef bint has_point
    cdef int curve = ec_curve(parameters)
    if not (der.take(octets, der.SEQUENCE, &body) and not der.left(octets)
            and der.take_unsigned(&body, &version) and der.matches(&version, b"\x01", 1)
            and der.take(&body, der.OCTET_STRING, &scalar) and 0 < der.left(&scalar) <= 66):
        raise ValueError("not an EC private key (RFC 5915 section 3)")
    if der.take(&body, 0xA0, &again) and ec_curve(&again) != curve:
        raise ValueError("the EC private key names two curves")
    has_point = der.take(&body, 0xA1, &tagged)
    if der.left(&body) or (has_point and not (
            der.take_bits(&tagged, der.BIT_STRING, &point) and not der.left(&tagged))):
        raise ValueError("not an EC private key (RFC 5915 section 3)")
    return _ec_make(curve, &point if has_point else NULL, &scalar)


cdef inline bytes ec_write_public(const EcKey* key):
    """Write ECPoint, uncompressed (RFC 5480 section 2.2)."""
    cdef unsigned char[133] point
    return der.octets(point, ec_point(key, point, sizeof(point)))


cdef inline bytes ec_write_private(const EcKey* key):
    """Write ECPrivateKey with its public key (RFC 5915 section 3)."""
    cdef unsigned char[66] scalar
    cdef int n = <int> key.size
    BN_bn2binpad(EC_KEY_get0_private_key(key.key), scalar, n)
    cdef bytes inner = der.octets(scalar, n)
    OPENSSL_cleanse(scalar, sizeof(scalar))
    return der.tlv(der.SEQUENCE, b"\x02\x01\x01" + der.tlv(der.OCTET_STRING, inner)
                   + der.tlv(0xA1, der.tlv(der.BIT_STRING, b"\x00" + ec_write_public(key))))


cdef inline bint ec_well_formed(const EcKey* key, const unsigned char* sig, size_t sig_len) noexcept nogil:
    """Tell whether a signature is a pair of numbers in their range."""
    # FIPS 186-5 section 6.4.2, step 1: r and s lie in 1 .. n-1. A verifier without this check accepts a
    # signature of zeros (CVE-2022-21449), so it does not rest on the library alone.
    cdef size_t size = key.size
    return (sig_len == 2 * size
            and not compare.is_zero(sig, size) and compare.below(sig, key.order, size)
            and not compare.is_zero(sig + size, size) and compare.below(sig + size, key.order, size))


cdef inline int ec_verify(const EcKey* key, const unsigned char* digest, int digest_len,
                          const unsigned char* sig, size_t sig_len) noexcept nogil:
    """Verify one signature. 1 holds, 0 does not, -1 libcrypto failed."""
    cdef size_t size = key.size
    cdef ECDSA_SIG* pair
    cdef BIGNUM* r
    cdef BIGNUM* s
    cdef int verdict
    if not ec_well_formed(key, sig, sig_len):
        return 0
    pair = ECDSA_SIG_new()
    r = BN_bin2bn(sig, <int> size, NULL)
    s = BN_bin2bn(sig + size, <int> size, NULL)
    if pair == NULL or r == NULL or s == NULL or not ECDSA_SIG_set0(pair, r, s):
        BN_free(r)
        BN_free(s)
        ECDSA_SIG_free(pair)
        ERR_clear_error()
        return -1
    verdict = ECDSA_do_verify(digest, digest_len, pair, key.key)
    ECDSA_SIG_free(pair)
    if verdict != 1:
        ERR_clear_error()
    # OpenSSL answers -1 also where the computed point is at infinity, which a holder of the key can bring
    # about; nothing but 1 is a signature that holds.
    return verdict == 1


cdef inline int ec_sign(const EcKey* key, const unsigned char* digest, int digest_len,
                        unsigned char* out) noexcept nogil:
    """Write a signature of 2 * key.size octets. 1, or -1 when libcrypto failed."""
    cdef const BIGNUM* r
    cdef const BIGNUM* s
    cdef int size = <int> key.size
    cdef int done
    cdef ECDSA_SIG* pair = ECDSA_do_sign(digest, digest_len, key.key)
    if pair == NULL:
        ERR_clear_error()
        return -1
    ECDSA_SIG_get0(pair, &r, &s)
    done = BN_bn2binpad(r, out, size) == size and BN_bn2binpad(s, out + size, size) == size
    ECDSA_SIG_free(pair)
    return 1 if done else -1
