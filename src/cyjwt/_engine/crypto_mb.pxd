"""Declarations of crypto_mb, of Intel's Cryptography Primitives Library, nothing else.

Only ``lanes`` links with crypto_mb, so only ``lanes`` and its parts may cimport this file.
"""

cdef extern from "crypto_mb_compat.h" nogil:
    ctypedef unsigned char int8u
    ctypedef unsigned int int32u
    ctypedef unsigned long long int64u

    # CPU features and version
    bint cyjwt_mbx_applicable() noexcept
    const char* CYJWT_MBX_VERSION

    # Status: four bits for each of the eight lanes
    ctypedef unsigned int mbx_status
    mbx_status MBX_STATUS_OK
    mbx_status MBX_GET_STS(mbx_status status, int lane) noexcept

    # RSA
    ctypedef struct mbx_RSA_Method:
        pass
    const mbx_RSA_Method* mbx_RSA_pub65537_Method(int bits) noexcept
    int mbx_RSA_Method_BufSize(const mbx_RSA_Method* method) noexcept
    mbx_status mbx_rsa_public_mb8(const int8u** from_octets, int8u** to_octets, const int64u** n, int bits,
                                  const mbx_RSA_Method* method, int8u* buffer) noexcept

    const mbx_RSA_Method* mbx_RSA_private_crt_Method(int bits) noexcept
    mbx_status mbx_rsa_private_crt_mb8(const int8u** from_octets, int8u** to_octets, const int64u** p,
                                       const int64u** q, const int64u** dp, const int64u** dq,
                                       const int64u** qinv, int bits, const mbx_RSA_Method* method,
                                       int8u* buffer) noexcept

    # ECDSA: z is NULL for affine coordinates, buffer is not used
    mbx_status mbx_nistp256_ecdsa_verify_mb8(const int8u** r, const int8u** s, const int8u** message,
                                             const int64u** x, const int64u** y, const int64u** z,
                                             int8u* buffer) noexcept
    mbx_status mbx_nistp384_ecdsa_verify_mb8(const int8u** r, const int8u** s, const int8u** message,
                                             const int64u** x, const int64u** y, const int64u** z,
                                             int8u* buffer) noexcept
    mbx_status mbx_nistp521_ecdsa_verify_mb8(const int8u** r, const int8u** s, const int8u** message,
                                             const int64u** x, const int64u** y, const int64u** z,
                                             int8u* buffer) noexcept

    # Ed25519
    mbx_status cyjwt_mbx_ed25519_verify(const int8u** r, const int8u** s, const int8u** message,
                                        const int32u* size, const int8u** key) noexcept
    mbx_status cyjwt_mbx_ed25519_sign(int8u** r, int8u** s, const int8u** message, const int32u* size,
                                      const int8u** seed, const int8u** key) noexcept
