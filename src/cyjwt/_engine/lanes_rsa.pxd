"""RSA signatures, eight at a time. A part of ``lanes``."""

from cyjwt._engine.crypto_mb cimport (
    MBX_GET_STS, MBX_STATUS_OK, int8u, int64u, mbx_rsa_public_mb8, mbx_RSA_pub65537_Method, mbx_status)
from cyjwt._engine.emsa cimport pkcs1_holds
from cyjwt._engine.lanes cimport LANES, Job
from cyjwt._engine.pkey cimport FAMILY_RSA_PSS, LARGEST_HASH, hash_data, pss_holds

cdef enum:
    LANE_OCTETS = 512               # of the longest modulus
    RSA_SCRATCH = 26 * 1024         # octets: what crypto_mb works in, asked of it when `lanes` is imported


cdef inline void rsa_lanes(Job** jobs, int count) noexcept nogil:
    """Find out which of up to eight well-formed signatures of one size hold."""
    cdef unsigned char[RSA_SCRATCH] scratch
    cdef unsigned char opened[LANES][LANE_OCTETS]
    cdef unsigned char[LARGEST_HASH] digest
    cdef const int8u* signatures[LANES]
    cdef int8u* out[LANES]
    cdef const int64u* moduli[LANES]
    cdef int bits = jobs[0].key.numbers.bits
    cdef mbx_status status
    cdef Job* job
    cdef int i
    for i in range(LANES):
        # A call costs the same however many lanes it fills: those to spare do the first job again.
        job = jobs[i] if i < count else jobs[0]
        signatures[i] = job.signature
        moduli[i] = job.key.numbers.x
        out[i] = opened[i]
    status = mbx_rsa_public_mb8(signatures, out, moduli, bits, mbx_RSA_pub65537_Method(bits), scratch)
    for i in range(count):
        job = jobs[i]
        job.holds = 0
        if MBX_GET_STS(status, i) != MBX_STATUS_OK:
            continue
        hash_data(job.row, job.data, job.size, digest)
        if job.row.family == FAMILY_RSA_PSS:
            job.holds = pss_holds(job.key, job.row, digest, opened[i])
        else:
            job.holds = pkcs1_holds(job.row.hash_bits, digest, opened[i], job.key.numbers.size)
