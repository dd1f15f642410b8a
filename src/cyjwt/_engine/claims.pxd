"""What a token's claims must satisfy, compiled once, and the check of noted members against it."""

from libc.stdint cimport uint8_t

from cyjwt._engine.jsonscan cimport MAX_NAMES, Member, Names

# The first names of every policy, in this order; further required claims follow.
cdef enum:
    EXP = 0
    NBF = 1
    IAT = 2
    ISS = 3
    AUD = 4
    SUB = 5
    JTI = 6
    REGISTERED_COUNT = 7

cdef struct Text:
    const uint8_t* start
    size_t length

# The times of a token that held, for when they are judged again.
cdef struct Dates:
    double exp                  # infinite where the token has none
    double nbf                  # 0 where it has none; so has iat
    double iat

cdef class ClaimRules:
    cdef Names names
    cdef int required[MAX_NAMES]
    cdef int required_count
    cdef Text* issuers
    cdef size_t issuer_count
    cdef Text* audiences
    cdef size_t audience_count
    cdef Text subject           # start is NULL where any subject will do
    cdef double leeway
    cdef double max_age         # negative where any age will do
    cdef tuple _names           # of str, by index in names
    cdef list _texts            # keeps alive what the Texts point to

# A Status for the members that were noted with rules.names; members[] may point into text that has JSON
# slack behind it. For CLAIM_MISSING, absent gets the index of the name.
cdef int check_claims(ClaimRules rules, const Member* members, double now, int* absent) noexcept nogil

# The times of members that check_claims accepted.
cdef void note_dates(const Member* members, Dates* out) noexcept nogil

# A Status: whether times that were accepted once are still good, in the order of check_claims.
cdef int judge_dates(ClaimRules rules, const Dates* dates, double now) noexcept nogil

# Whether a noted STRING has this value, escapes and all.
cdef bint text_equals(const Member* member, const uint8_t* value, size_t length) noexcept nogil

# The claim's name as a str, for errors.
cdef object claim_name(ClaimRules rules, int index)

# The bytes of a str with JSON slack behind them, kept alive by the list.
cdef Text keep_text(str value, list texts) except *
