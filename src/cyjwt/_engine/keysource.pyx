"""A source of keys that change while tokens are verified with them, such as a key server's JWK Set.

A verifier over a source compares one pointer a call, and compiles the keys anew where they are others than
before.
"""

from libc.math cimport INFINITY

from time import monotonic

cdef extern from *:
    """
    #if defined(__linux__)
    #include <time.h>
    /* The clock of time.monotonic(), without a call through the interpreter; a negative number elsewhere. */
    static double cyjwt_monotonic(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    }
    #else
    static double cyjwt_monotonic(void) { return -1; }
    #endif
    """
    double cyjwt_monotonic() noexcept


cdef class KeySource:
    """What a verifier asks for keys. A base class, of which those who fetch keys somewhere make their own.

    Attributes:
        snapshot: the ``KeySet`` that serves, or ``None`` while there is none. It is swapped as a whole, and
            never changed in place.
        due: the time by ``time.monotonic`` from which on a verification calls ``_due``: ``-inf`` for at once,
            ``inf`` for never.
    """

    def __cinit__(self, *args, **kwargs):
        self.due = INFINITY

    def _due(self):
        """Be told that it is time to look after the keys.

        Where it is ``_ready`` it never blocks: it has a refresh begin elsewhere, and sets ``due`` anew. Else
        it may wait for the first keys.

        Raises:
            JWKSUnavailableError: no keys may serve.
        """

    def _missing(self, kid, /):
        """Be told that a token's key was not found; may wait for other keys, within a rate.

        Args:
            kid: the ``kid`` that the token names, or ``None``.

        Returns:
            Whether ``snapshot`` changed meanwhile, so that the token is worth another try.
        """
        return False

    def _refuses(self, kid, /):
        """Whether ``_missing`` would say no at once. An event loop may ask it: it never waits."""
        return False

    def _ready(self):
        """Whether neither ``_due`` nor the verification of a token with a known key would wait now."""
        return self.snapshot is not None


cdef bint is_due(KeySource source) except -1:
    cdef double now
    if source.due == INFINITY:
        return False
    now = cyjwt_monotonic()
    if now < 0:
        now = monotonic()
    return now >= source.due
