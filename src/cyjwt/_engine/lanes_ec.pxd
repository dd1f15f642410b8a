"""ECDSA signatures, eight at a time. A part of ``lanes``."""

from libc.string cimport memset

from cyjwt._engine cimport compare
from cyjwt._engine.crypto_mb cimport (
    MBX_GET_STS, MBX_STATUS_OK, int8u, int64u, mbx_nistp256_ecdsa_verify_mb8, mbx_nistp384_ecdsa_verify_mb8,
    mbx_nistp521_ecdsa_verify_mb8, mbx_status)
from cyjwt._engine.lanes cimport LANES, Job
from cyjwt._engine.pkey cimport CURVE_P256, CURVE_P384, Numbers, hash_data

cdef enum:
    LONGEST_NUMBER = 66     # octets: those of P-521


cdef inline bint ec_message(const Job* job, unsigned char* message) noexcept nogil:
    """Hash the job's data, as a number of numbers.size octets. False where the lanes do not serve it."""
    # crypto_mb takes a number from 1 to n - 1. A hash is another one time in 2^32 with P-256, and far less
    # often with the longer curves (FIPS 186-5 section 6.4.2, step 2, would reduce it).
    cdef const Numbers* numbers = &job.key.numbers
    cdef size_t pad = numbers.size - job.row.hash_bits // 8
    hash_data(job.row, job.data, job.size, message + pad)
    memset(message, 0, pad)
    return compare.below(message, numbers.bound, numbers.size) and not compare.is_zero(message, numbers.size)


cdef inline void ec_lanes(Job** jobs, int count) noexcept nogil:
    """Find out which of up to eight well-formed signatures of one curve hold."""
    cdef unsigned char hashed[LANES][LONGEST_NUMBER]
    cdef const int8u* r[LANES]
    cdef const int8u* s[LANES]
    cdef const int8u* messages[LANES]
    cdef const int64u* x[LANES]
    cdef const int64u* y[LANES]
    cdef bint served[LANES]
    cdef int curve = jobs[0].key.curve
    cdef mbx_status status
    cdef Job* job
    cdef int i
    for i in range(LANES):
        # A call costs the same however many lanes it fills: those to spare do the first job again.
        job = jobs[i] if i < count else jobs[0]
        if i < count:
            served[i] = ec_message(job, hashed[i])
        r[i] = job.signature
        s[i] = job.signature + job.key.numbers.size
        messages[i] = &hashed[i if i < count else 0][0]
        x[i] = job.key.numbers.x
        y[i] = job.key.numbers.y
    if curve == CURVE_P256:
        status = mbx_nistp256_ecdsa_verify_mb8(r, s, messages, x, y, NULL, NULL)
    elif curve == CURVE_P384:
        status = mbx_nistp384_ecdsa_verify_mb8(r, s, messages, x, y, NULL, NULL)
    else:
        status = mbx_nistp521_ecdsa_verify_mb8(r, s, messages, x, y, NULL, NULL)
    for i in range(count):
        jobs[i].holds = served[i] and MBX_GET_STS(status, i) == MBX_STATUS_OK
