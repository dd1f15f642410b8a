"""Every reason for which a token fails, as one enum, and what the JSON rooms report."""

cdef enum JSONError:
    JSON_OK = 0
    JSON_SYNTAX = 1      # not the grammar of RFC 8259
    JSON_UTF8 = 2        # not UTF-8
    JSON_SURROGATE = 3   # an escaped surrogate without its partner
    JSON_DUPLICATE = 4   # a member name twice in one object
    JSON_DEPTH = 5       # nested past the cap
    JSON_NUMBER = 6      # too many digits, or no finite double
    JSON_MEMORY = 7      # no memory; where objects are made, a Python error is set

cdef enum Status:
    VALID = 0
    # The whole token.
    TOKEN_TYPE = 1
    TOKEN_TOO_LARGE = 2
    TOKEN_SEGMENTS = 3
    HEADER_BASE64 = 4
    PAYLOAD_BASE64 = 5
    SIGNATURE_BASE64 = 6
    HEADER_NOT_OBJECT = 7
    PAYLOAD_NOT_OBJECT = 8
    TOKEN_TEXT = 9
    # HEADER_JSON + JSONError, PAYLOAD_JSON + JSONError.
    HEADER_JSON = 16
    PAYLOAD_JSON = 24
    # The header.
    ALG_TYPE = 32
    ALG_UNKNOWN = 33
    ALG_NONE = 34
    ALG_REFUSED = 35
    KID_TYPE = 36
    TYP_TYPE = 37
    TYP_REFUSED = 38
    CRIT_MALFORMED = 39
    CRIT_UNKNOWN = 40
    B64_REFUSED = 41
    KEY_NOT_FOUND = 42
    KEY_AMBIGUOUS = 43
    KEY_UNFIT = 44
    KEYS_UNAVAILABLE = 45
    # The signature.
    SIGNATURE_INVALID = 48
    # The claims.
    CLAIM_MISSING = 56
    EXP_MALFORMED = 57
    NBF_MALFORMED = 58
    IAT_MALFORMED = 59
    ISS_MALFORMED = 60
    AUD_MALFORMED = 61
    SUB_MALFORMED = 62
    JTI_MALFORMED = 63
    EXPIRED = 64
    IMMATURE_NBF = 65
    IMMATURE_IAT = 66
    TOO_OLD = 67
    ISSUER_REFUSED = 68
    AUDIENCE_REFUSED = 69
    AUDIENCE_UNEXPECTED = 70
    SUBJECT_REFUSED = 71
    REVOKED = 72
    REVOCATION_UNKNOWN = 73
    CLAIMS_TYPE = 74
    # Not the token's fault.
    RAISED = 126        # a Python error is set already
    NO_MEMORY = 127

# The exception that stands for a status, and a detail: of CLAIM_MISSING the claim at fault, of CLAIMS_TYPE
# a tuple of the same (None where it lies in no member alone) and the message, of REVOCATION_UNKNOWN what
# the store raised; None where that is not known.
cdef object exception_for(int status, object detail)

# Raises it.
cdef int raise_status(int status) except -1

# Sets that exception as the current error without a traceback entry of its own.
cdef void set_error(int status, object detail) noexcept
