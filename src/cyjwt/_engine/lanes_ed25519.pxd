"""Ed25519 signatures, eight at a time. A part of ``lanes``."""

from cyjwt._engine.crypto_mb cimport (
    MBX_GET_STS, MBX_STATUS_OK, cyjwt_mbx_ed25519_verify, int8u, int32u, mbx_status)
from cyjwt._engine.lanes cimport LANES, Job


cdef inline void ed25519_lanes(Job** jobs, int count) noexcept nogil:
    """Find out which of up to eight well-formed signatures hold."""
    cdef const int8u* r[LANES]
    cdef const int8u* s[LANES]
    cdef const int8u* messages[LANES]
    cdef const int8u* points[LANES]
    cdef int32u sizes[LANES]
    cdef mbx_status status
    cdef Job* job
    cdef int i
    for i in range(LANES):
        # A call costs the same however many lanes it fills, but for the hashing: those to spare do the first
        # job again, with nothing to hash.
        job = jobs[i] if i < count else jobs[0]
        r[i] = job.signature
        s[i] = job.signature + 32
        messages[i] = job.data
        sizes[i] = <int32u> job.size if i < count else 0
        points[i] = job.key.numbers.point
    status = cyjwt_mbx_ed25519_verify(r, s, messages, sizes, points)
    for i in range(count):
        jobs[i].holds = MBX_GET_STS(status, i) == MBX_STATUS_OK
