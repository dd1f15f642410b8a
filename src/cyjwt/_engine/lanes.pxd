"""Eight signatures at a time where the CPU can, one by one elsewhere; the verdict is the same on either."""

from libc.stdint cimport uint8_t

from cyjwt._engine.pkey cimport Native, Row

cdef enum:
    LANES = 8           # jobs of one group that are done at once
    LANE_GROUPS = 16    # the groups are 0 to LANE_GROUPS - 1

# One signature to verify. All that it points to must outlive the call.
cdef struct Job:
    const Native* key
    const Row* row
    const uint8_t* data             # the signing input
    size_t size
    const uint8_t* signature        # decoded
    size_t signature_size
    int holds                       # the answer: 1 holds, 0 does not, -1 libcrypto failed

# The group whose jobs may share lanes with a job of this key and algorithm, or -1 where it must go alone (no
# lanes on this CPU, or none for it).
cdef int lane_group(const Native* key, const Row* row) noexcept nogil

# Verifies jobs of one group (any number, also of -1) and fills in their answers. Takes whichever route is
# quicker for so many; never touches Python, never fails.
cdef void verify_jobs(Job** jobs, size_t count, int group) noexcept nogil

# One message to sign. All that it points to must outlive the call.
cdef struct SignJob:
    const Native* key
    const Row* row
    const uint8_t* data             # the signing input
    size_t size
    uint8_t* out                    # room for signature_size(key, row) octets
    Py_ssize_t made                 # the answer: octets of the signature, or -1 where libcrypto failed

# The group whose messages may be signed together with those of this key and algorithm, or -1.
cdef int sign_group(const Native* key, const Row* row) noexcept nogil

# Signs messages of one group (any number, also of -1). The signatures are those that make_signature gives, or
# for a randomized algorithm might give. Never touches Python.
cdef void sign_jobs(SignJob** jobs, size_t count, int group) noexcept nogil
