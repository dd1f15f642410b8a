"""The containers of asymmetric keys: SubjectPublicKeyInfo and PrivateKeyInfo. A part of ``pkey``."""

from cyjwt._engine cimport der
from cyjwt._engine.der cimport Der
from cyjwt._engine.pkey cimport FAMILY_EC, FAMILY_NONE, FAMILY_OKP, FAMILY_RSA_PKCS1

cdef struct Container:
    # What a container holds. It points into the octets that were read, and is used while they live.
    int kind              # FAMILY_RSA_PKCS1, FAMILY_EC or FAMILY_OKP
    Der parameters        # of the AlgorithmIdentifier
    Der octets            # of the BIT STRING or of the OCTET STRING
    bint has_public
    Der public            # of a PrivateKeyInfo of version 1


cdef inline int _kind(const Der* oid) noexcept nogil:
    if der.matches(oid, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9):   # rsaEncryption, RFC 8017 appendix A.1
        return FAMILY_RSA_PKCS1
    if der.matches(oid, b"\x2a\x86\x48\xce\x3d\x02\x01", 7):   # id-ecPublicKey, RFC 5480 section 2.1.1
        return FAMILY_EC
    if der.matches(oid, b"\x2b\x65\x70", 3):                           # id-Ed25519, RFC 8410 section 3
        return FAMILY_OKP
    return FAMILY_NONE


cdef inline int read_spki(const unsigned char* data, Py_ssize_t n, Container* found) except -1:
    """Read SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). ValueError says why it is refused."""
    cdef Der whole, info, oid
    whole.p = data
    whole.end = data + n
    if not (der.take(&whole, der.SEQUENCE, &info) and der.take(&info, der.SEQUENCE, &found.parameters)
            and der.take(&found.parameters, der.OBJECT_IDENTIFIER, &oid)
            and der.take_bits(&info, der.BIT_STRING, &found.octets) and not der.left(&info)):
        raise ValueError("not a SubjectPublicKeyInfo in DER")
    if der.left(&whole):
        raise ValueError("octets follow the SubjectPublicKeyInfo")
    found.has_public = False
    found.kind = _kind(&oid)
    if found.kind == FAMILY_NONE:
        raise ValueError("the public key is not RSA, EC or Ed25519")
    return 0


cdef inline int read_pkcs8(const unsigned char* data, Py_ssize_t n, Container* found) except -1:
    """Read PrivateKeyInfo (RFC 5958 section 2). ValueError says why it is refused."""
    cdef Der whole, info, oid, version, attributes
    whole.p = data
    whole.end = data + n
    if not (der.take(&whole, der.SEQUENCE, &info) and der.take_unsigned(&info, &version)
            and (der.matches(&version, b"\x00", 1) or der.matches(&version, b"\x01", 1))
            and der.take(&info, der.SEQUENCE, &found.parameters)
            and der.take(&found.parameters, der.OBJECT_IDENTIFIER, &oid)
            and der.take(&info, der.OCTET_STRING, &found.octets)):
        raise ValueError("not a PrivateKeyInfo in DER")
    der.take(&info, 0xA0, &attributes)
    # The public key comes with version 1 alone.
    found.has_public = version.p[0] == 1 and der.next_is(&info, 0x81)
    if (found.has_public and not der.take_bits(&info, 0x81, &found.public)) or der.left(&info):
        raise ValueError("not a PrivateKeyInfo in DER")
    if der.left(&whole):
        raise ValueError("octets follow the PrivateKeyInfo")
    found.kind = _kind(&oid)
    if found.kind == FAMILY_NONE:
        raise ValueError("the private key is not RSA, EC or Ed25519")
    return 0


cdef inline bytes write_algorithm(int kind, bytes curve):
    """Write AlgorithmIdentifier; curve is the object identifier of an EC key's curve."""
    if kind == FAMILY_RSA_PKCS1:
        # RFC 3279 section 2.3.1: the parameters MUST be NULL.
        return der.tlv(der.SEQUENCE, der.tlv(der.OBJECT_IDENTIFIER, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
                       + b"\x05\x00")
    if kind == FAMILY_EC:
        return der.tlv(der.SEQUENCE, der.tlv(der.OBJECT_IDENTIFIER, b"\x2a\x86\x48\xce\x3d\x02\x01")
                       + der.tlv(der.OBJECT_IDENTIFIER, curve))
    return der.tlv(der.SEQUENCE, der.tlv(der.OBJECT_IDENTIFIER, b"\x2b\x65\x70"))


cdef inline bytes write_spki(bytes algorithm, bytes octets):
    """Write SubjectPublicKeyInfo."""
    return der.tlv(der.SEQUENCE, algorithm + der.tlv(der.BIT_STRING, b"\x00" + octets))


cdef inline bytes write_pkcs8(bytes algorithm, bytes octets):
    """Write PrivateKeyInfo of version 0."""
    return der.tlv(der.SEQUENCE, b"\x02\x01\x00" + algorithm + der.tlv(der.OCTET_STRING, octets))
