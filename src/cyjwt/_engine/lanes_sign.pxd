"""RSA and Ed25519 signatures made eight at a time. A part of ``lanes``.

crypto_mb is written without branches and table look-ups that depend on a secret. Unlike libcrypto it does not
blind RSA, and it checks nothing: so each RSA signature is opened again here, and one that does not open
to what was to be signed (a fault in one half of the Chinese remainder theorem gives the key away) is never
shown.
"""

from libc.string cimport memset

from cyjwt._engine cimport compare
from cyjwt._engine.crypto_mb cimport (
    MBX_GET_STS, MBX_STATUS_OK, cyjwt_mbx_ed25519_sign, int8u, int32u, int64u, mbx_rsa_private_crt_mb8,
    mbx_RSA_private_crt_Method, mbx_rsa_public_mb8, mbx_RSA_pub65537_Method, mbx_status)
from cyjwt._engine.lanes cimport LANES, SignJob
from cyjwt._engine.lanes_rsa cimport LANE_OCTETS
from cyjwt._engine.pkey cimport LARGEST_HASH, encode_message, hash_data, wipe

cdef enum:
    SIGN_SCRATCH = 108 * 1024       # octets: what crypto_mb works in for the longest RSA key


cdef inline void rsa_sign_lanes(SignJob** jobs, int count, unsigned char* scratch) noexcept nogil:
    """Sign up to eight messages with keys of one size; made is -1 where it is to be done otherwise."""
    cdef unsigned char encoded[LANES][LANE_OCTETS]
    cdef unsigned char opened[LANES][LANE_OCTETS]
    cdef unsigned char spare[LANE_OCTETS]
    cdef unsigned char[LARGEST_HASH] digest
    cdef const int8u* messages[LANES]
    cdef const int8u* signatures[LANES]
    cdef int8u* out[LANES]
    cdef int8u* back[LANES]
    cdef const int64u* n[LANES]
    cdef const int64u* p[LANES]
    cdef const int64u* q[LANES]
    cdef const int64u* dp[LANES]
    cdef const int64u* dq[LANES]
    cdef const int64u* qinv[LANES]
    cdef int bits = jobs[0].key.numbers.bits
    cdef size_t size = jobs[0].key.numbers.size
    cdef mbx_status signing, opening
    cdef SignJob* job
    cdef int i
    for i in range(LANES):
        # Lanes to spare do the first job again.
        job = jobs[i] if i < count else jobs[0]
        if i < count:
            job.made = -1
            hash_data(job.row, job.data, job.size, digest)
            if encode_message(job.key, job.row, digest, encoded[i]):
                job.made = <Py_ssize_t> size
            else:
                memset(encoded[i], 0, size)
        messages[i] = &encoded[i if i < count else 0][0]
        out[i] = job.out if i < count else spare
        signatures[i] = out[i]
        back[i] = opened[i]
        n[i] = job.key.numbers.x
        p[i] = job.key.secrets.p
        q[i] = job.key.secrets.q
        dp[i] = job.key.secrets.dp
        dq[i] = job.key.secrets.dq
        qinv[i] = job.key.secrets.qinv
    signing = mbx_rsa_private_crt_mb8(
        messages, out, p, q, dp, dq, qinv, bits, mbx_RSA_private_crt_Method(bits), scratch)
    opening = mbx_rsa_public_mb8(signatures, back, n, bits, mbx_RSA_pub65537_Method(bits), scratch)
    for i in range(count):
        if (MBX_GET_STS(signing, i) != MBX_STATUS_OK or MBX_GET_STS(opening, i) != MBX_STATUS_OK
                or not compare.equal(encoded[i], opened[i], size)):
            jobs[i].made = -1
            wipe(jobs[i].out, size)


cdef inline void ed25519_sign_lanes(SignJob** jobs, int count) noexcept nogil:
    """Sign up to eight messages; made is -1 where it is to be done otherwise."""
    cdef unsigned char[64] spare
    cdef int8u* r[LANES]
    cdef int8u* s[LANES]
    cdef const int8u* messages[LANES]
    cdef const int8u* seeds[LANES]
    cdef const int8u* points[LANES]
    cdef int32u sizes[LANES]
    cdef mbx_status status
    cdef SignJob* job
    cdef int i
    for i in range(LANES):
        # Lanes to spare sign nothing, with the first job's key.
        job = jobs[i] if i < count else jobs[0]
        r[i] = job.out if i < count else spare
        s[i] = r[i] + 32
        messages[i] = job.data
        sizes[i] = <int32u> job.size if i < count else 0
        seeds[i] = job.key.secrets.seed
        points[i] = job.key.numbers.point
    status = cyjwt_mbx_ed25519_sign(r, s, messages, sizes, seeds, points)
    for i in range(count):
        jobs[i].made = 64 if MBX_GET_STS(status, i) == MBX_STATUS_OK else -1
