"""The tokens of JSON text (RFC 8259), without Python objects: strings, numbers, white space.

Inlined into the reader, the scanner and the claim checks, so that all three hold the same grammar.
Text handed to these functions is followed by ``CYJWT_JSON_SLACK`` readable bytes that begin with NUL.
A module that reads numbers calls ``cyjwt_locale_ready`` first, for the locale is its own. Functions return
a pointer past what they read, or NULL with a ``JSONError`` in ``error``.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from cyjwt._engine.status cimport JSON_NUMBER, JSON_SURROGATE, JSON_SYNTAX, JSON_UTF8

cdef extern from "jsonlex_simd.h" nogil:
    const int CYJWT_JSON_SLACK
    uint64_t cyjwt_load64(const uint8_t* p) noexcept
    uint64_t cyjwt_first8(const uint8_t* p, size_t n) noexcept
    void cyjwt_copy(uint8_t* dst, const uint8_t* src, size_t n) noexcept
    const uint8_t* cyjwt_string_stop(const uint8_t* p) noexcept
    const uint8_t* cyjwt_string_stop_near(const uint8_t* p, size_t n) noexcept
    bint cyjwt_eight_digits(const uint8_t* p, uint64_t* value) noexcept
    int cyjwt_locale_ready() noexcept
    double cyjwt_strtod(const char* text) noexcept
    const double* CYJWT_POWERS_OF_TEN  # 1e0 to 1e22, each exact
    bint CYJWT_UNLIKELY(bint x) noexcept

cdef extern from "math.h" nogil:
    bint isfinite(double x) noexcept

cdef enum:
    MAX_DEPTH = 128     # arrays and objects, the outermost counts as one
    MAX_DIGITS = 4300   # characters of one number; what CPython's own int() admits by default

cdef enum Kind:
    ABSENT = 0
    NULL_VALUE = 1
    FALSE_VALUE = 2
    TRUE_VALUE = 3
    INTEGER = 4
    FRACTION = 5        # any number written with a point or an exponent
    STRING = 6
    ARRAY = 7
    OBJECT = 8

cdef enum:
    ESCAPED = 1         # a string that holds at least one backslash
    NON_ASCII = 2       # a string whose value is not ASCII

cdef struct Number:
    int kind            # INTEGER or FRACTION
    bint negative
    int digits          # integer digits, for INTEGER
    uint64_t magnitude  # the absolute value of an INTEGER of at most 18 digits
    double value        # for FRACTION

cdef inline const uint8_t* skip_space(const uint8_t* p) noexcept nogil:
    while p[0] <= 0x20 and (p[0] == 0x20 or p[0] == 0x0A or p[0] == 0x0D or p[0] == 0x09):
        p += 1
    return p


cdef inline int utf8_size(const uint8_t* p) noexcept nogil:
    """Octets of the well-formed non-ASCII sequence at p (RFC 3629 section 4), or 0.

    Overlong forms, surrogates (CESU-8) and anything past U+10FFFF are not well formed.
    """
    cdef uint8_t a = p[0], b = p[1]
    if a < 0xC2 or a > 0xF4:
        return 0
    if a < 0xE0:
        return 2 if b & 0xC0 == 0x80 else 0
    if a < 0xF0:
        if b & 0xC0 != 0x80 or (a == 0xE0 and b < 0xA0) or (a == 0xED and b > 0x9F):
            return 0
        return 3 if p[2] & 0xC0 == 0x80 else 0
    if b & 0xC0 != 0x80 or (a == 0xF0 and b < 0x90) or (a == 0xF4 and b > 0x8F):
        return 0
    # p[3] is read only after p[2] proved to be a continuation, so never past the closing NUL.
    return 4 if p[2] & 0xC0 == 0x80 and p[3] & 0xC0 == 0x80 else 0


cdef inline int hex4(const uint8_t* p) noexcept nogil:
    """The value of four hexadecimal digits, or -1."""
    cdef int value = 0, i
    cdef uint8_t c
    for i in range(4):
        c = p[i]
        if 0x30 <= c <= 0x39:
            c -= 0x30
        elif 0x61 <= (c | 0x20) <= 0x66:
            c = (c | 0x20) - 0x57
        else:
            return -1
        value = value << 4 | c
    return value


cdef inline const uint8_t* scan_string(const uint8_t* p, int* flags, int* error) noexcept nogil:
    """From just after the opening quote to the closing one; flags gets ESCAPED and NON_ASCII."""
    cdef uint8_t c
    cdef int n
    while True:
        p = cyjwt_string_stop(p)
        c = p[0]
        if c == 0x22:
            return p
        if c >= 0x80:
            n = utf8_size(p)
            if n == 0:
                error[0] = JSON_UTF8
                return NULL
            flags[0] |= NON_ASCII
            p += n
        elif c == 0x5C:
            flags[0] |= ESCAPED
            c = p[1]
            if c == 0x75:
                n = hex4(p + 2)
                if n < 0:
                    error[0] = JSON_SYNTAX
                    return NULL
                p += 6
                if n >= 0x80:
                    flags[0] |= NON_ASCII
                if 0xD800 <= n <= 0xDFFF:
                    # RFC 8259 section 8.2: a lone surrogate names no character; refused.
                    if n >= 0xDC00 or p[0] != 0x5C or p[1] != 0x75:
                        error[0] = JSON_SURROGATE
                        return NULL
                    n = hex4(p + 2)
                    if n < 0xDC00 or n > 0xDFFF:
                        error[0] = JSON_SYNTAX if n < 0 else JSON_SURROGATE
                        return NULL
                    p += 6
            elif c in (0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74):
                p += 2
            else:
                error[0] = JSON_SYNTAX
                return NULL
        else:
            error[0] = JSON_SYNTAX
            return NULL


cdef inline size_t unescape(const uint8_t* p, size_t size, uint8_t* out) noexcept nogil:
    """Writes the UTF-8 of a string that scan_string accepted; it is never longer than the text."""
    cdef const uint8_t* end = p + size
    cdef uint8_t* start = out
    cdef uint8_t c
    cdef uint32_t code
    while p < end:
        c = p[0]
        if c != 0x5C:
            out[0] = c
            out += 1
            p += 1
            continue
        c = p[1]
        p += 2
        if c == 0x75:
            code = <uint32_t>hex4(p)
            p += 4
            if 0xD800 <= code <= 0xDBFF:
                code = 0x10000 + ((code - 0xD800) << 10) + (<uint32_t>hex4(p + 2) - 0xDC00)
                p += 6
            if code < 0x80:
                out[0] = <uint8_t>code
                out += 1
            elif code < 0x800:
                out[0] = <uint8_t>(0xC0 | code >> 6)
                out[1] = <uint8_t>(0x80 | code & 0x3F)
                out += 2
            elif code < 0x10000:
                out[0] = <uint8_t>(0xE0 | code >> 12)
                out[1] = <uint8_t>(0x80 | code >> 6 & 0x3F)
                out[2] = <uint8_t>(0x80 | code & 0x3F)
                out += 3
            else:
                out[0] = <uint8_t>(0xF0 | code >> 18)
                out[1] = <uint8_t>(0x80 | code >> 12 & 0x3F)
                out[2] = <uint8_t>(0x80 | code >> 6 & 0x3F)
                out[3] = <uint8_t>(0x80 | code & 0x3F)
                out += 4
            continue
        if c == 0x6E:
            c = 0x0A
        elif c == 0x74:
            c = 0x09
        elif c == 0x72:
            c = 0x0D
        elif c == 0x62:
            c = 0x08
        elif c == 0x66:
            c = 0x0C
        out[0] = c
        out += 1
    return <size_t>(out - start)


cdef inline const uint8_t* scan_number(const uint8_t* p, Number* number, int* error) noexcept nogil:
    """The grammar of RFC 8259 section 6; a value with no finite double, or too long, is refused."""
    cdef const uint8_t* start = p
    cdef const uint8_t* mark
    cdef uint64_t m = 0
    cdef int significant = 0, exponent = 0, power = 0
    cdef bint below = False
    cdef double value
    number.kind = INTEGER
    number.digits = 0
    number.magnitude = 0
    number.value = 0
    number.negative = p[0] == 0x2D
    if number.negative:
        p += 1
    mark = p
    if p[0] == 0x30:
        p += 1
    elif 0x31 <= p[0] <= 0x39:
        if cyjwt_eight_digits(p, &m):
            p += 8
        while 0x30 <= p[0] <= 0x39:
            if p - mark < 18:
                m = m * 10 + (p[0] - 0x30)
            p += 1
    else:
        error[0] = JSON_SYNTAX
        return NULL
    if p[0] != 0x2E and p[0] | 0x20 != 0x65:
        if p - mark > MAX_DIGITS:
            error[0] = JSON_NUMBER
            return NULL
        number.digits = <int>(p - mark)
        number.magnitude = m
        return p
    significant = 0 if m == 0 else <int>(p - mark) if p - mark < 64 else 64
    number.kind = FRACTION
    if p[0] == 0x2E:
        p += 1
        mark = p
        while 0x30 <= p[0] <= 0x39:
            if significant < 18:
                m = m * 10 + (p[0] - 0x30)
                power -= 1
                if m != 0:
                    significant += 1
            else:
                significant = 64
            p += 1
        if p == mark:
            error[0] = JSON_SYNTAX
            return NULL
    if p[0] | 0x20 == 0x65:
        p += 1
        if p[0] == 0x2D or p[0] == 0x2B:
            below = p[0] == 0x2D
            p += 1
        mark = p
        while 0x30 <= p[0] <= 0x39:
            if exponent < 100000:
                exponent = exponent * 10 + (p[0] - 0x30)
            p += 1
        if p == mark:
            error[0] = JSON_SYNTAX
            return NULL
        power += -exponent if below else exponent
    if p - start > MAX_DIGITS:
        error[0] = JSON_NUMBER
        return NULL
    if significant <= 18 and m <= <uint64_t>1 << 53 and -22 <= power <= 22:
        # Both factors are exact doubles, so one division or product is correctly rounded.
        value = <double>m
        value = value / CYJWT_POWERS_OF_TEN[-power] if power < 0 else value * CYJWT_POWERS_OF_TEN[power]
        number.value = -value if number.negative else value
    else:
        # The text ends at a character that is no part of a number, which is where strtod stops too.
        number.value = cyjwt_strtod(<const char*>start)
        if not isfinite(number.value):
            error[0] = JSON_NUMBER
            return NULL
    return p


cdef inline double number_value(const Number* number) noexcept nogil:
    """A number as a double; an INTEGER of more than 18 digits counts as 1e18, its sign kept."""
    cdef double value
    if number.kind != INTEGER:
        return number.value
    value = <double>number.magnitude if number.digits <= 18 else 1e18
    return -value if number.negative else value
