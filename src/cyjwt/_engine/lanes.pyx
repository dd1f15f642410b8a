"""Eight signatures at a time where the CPU can, one by one elsewhere; the verdict is the same on either route."""

from cyjwt._engine.pkey cimport verify_signature


cdef int lane_group(const Native* key, const Row* row) noexcept nogil:
    return -1


cdef void verify_jobs(Job** jobs, size_t count, int group) noexcept nogil:
    cdef size_t i
    cdef Job* job
    for i in range(count):
        job = jobs[i]
        job.holds = verify_signature(
            job.key, job.row, job.data, job.size, job.signature, job.signature_size
        )
