"""Many tokens signed together: their payloads are written one after another, their signatures made in runs,
without the interpreter lock and eight at a time where lanes are worth it.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t
from libc.stdio cimport snprintf
from libc.stdlib cimport calloc, free

from cyjwt._engine.base64url cimport encode, encoded_size
from cyjwt._engine.jsonwrite cimport Text, close_text, open_text
from cyjwt._engine.lanes cimport SignJob, sign_group, sign_jobs
from cyjwt._engine.pkey cimport FAMILY_HMAC, LARGEST_SIGNATURE, Native, Row, signature_size
from cyjwt._engine.pyraw cimport (
    Py_INCREF,
    Py_XDECREF,
    PyUnicode_1BYTE_DATA,
    PyUnicode_GET_LENGTH,
)
from cyjwt._engine.sign cimport SignEngine, make_token, moment, unsigned_token, write_claims

from cyjwt.errors import InvalidKeyError

cdef enum:
    # Signatures made between two looks for signals: with the slowest keys, RSA of 8192 bits, in a third of a
    # second.
    SIGN_RUN = 32


cdef class SignWork:
    """A batch of tokens on its way, shared by the threads that sign it.

    Args:
        engine: the signer.
        claims: the claims sets.
    """

    cdef SignEngine engine
    cdef list claims
    cdef PyObject** tokens      # each a str without a signature until its run is done: nothing else sees it
    cdef Py_ssize_t written
    cdef Py_ssize_t next
    cdef Py_ssize_t signed
    cdef Py_ssize_t octets      # of each signature; 0 where the tokens are written with theirs
    cdef bint stopped

    def __cinit__(self, SignEngine engine not None, list claims not None):
        self.engine = engine
        self.claims = claims
        self.tokens = <PyObject**>calloc(len(claims) + 1, sizeof(PyObject*))
        if self.tokens == NULL:
            raise MemoryError
        if engine._native is not None and engine._row.family != FAMILY_HMAC:
            self.octets = signature_size(&engine._native.native, engine._row)

    def __dealloc__(self):
        cdef Py_ssize_t i
        if self.tokens != NULL:
            for i in range(self.written):
                Py_XDECREF(self.tokens[i])
            free(self.tokens)

    @property
    def runs(self):
        """How many runs are left to sign."""
        return (self.written - self.next + SIGN_RUN - 1) // SIGN_RUN if self.octets else 0

    def write(self):
        """Write all payloads, in their order, all stamped with one moment."""
        cdef Py_ssize_t i
        cdef long long now = moment(self.engine)
        cdef char[40] root
        for i in range(self.written, len(self.claims)):
            snprintf(root, sizeof(root), b"claims[%lld]", <long long>i)
            self.write_one(self.claims[i], root, now)
            if i % 256 == 255:
                PyErr_CheckSignals()

    cdef int write_one(self, object claims, const char* root, long long now) except -1:
        cdef Text text
        open_text(&text, root)
        try:
            write_claims(self.engine, &text, claims, now)
            if self.octets:
                self.tokens[self.written] = unsigned_token(self.engine, &text, self.octets)
            else:
                token = make_token(self.engine, &text)
                Py_INCREF(<PyObject*>token)
                self.tokens[self.written] = <PyObject*>token
            self.written += 1
        except Exception as error:
            place = root.decode("ascii")
            if not error.args or type(error.args[0]) is not str or place not in error.args[0]:
                # The exception of a hook or of a value, which does not know where it is.
                error.add_note(f"while {place} was written")
            raise
        finally:
            close_text(&text)
        return 0

    def stop(self):
        """Make every ``work`` return after the run that it is at."""
        self.stopped = True

    def work(self):
        """Sign run after run until none is left. Any number of threads may do so at once."""
        cdef Py_ssize_t first
        cdef int count
        cdef bint made
        while self.octets and not self.stopped and self.next < self.written:
            with cython.critical_section(self):
                first = self.next
                count = <int>min(self.written - first, <Py_ssize_t>SIGN_RUN)
                self.next = first + count
            if count == 0:
                return
            with nogil:
                made = sign_run(self, first, count)
            if not made:
                raise InvalidKeyError("libcrypto could not sign with this key")
            with cython.critical_section(self):
                self.signed += count
            PyErr_CheckSignals()

    def finish(self):
        """Return the tokens, when all are signed."""
        cdef list result = []
        cdef Py_ssize_t i
        if self.octets and self.signed != self.written:
            raise RuntimeError("some tokens have no signature yet")
        for i in range(self.written):
            result.append(<object>self.tokens[i])
        return result


cdef bint sign_run(SignWork work, Py_ssize_t first, int count) noexcept nogil:
    """Signs tokens[first..first + count); False when libcrypto failed."""
    cdef uint8_t signatures[SIGN_RUN][LARGEST_SIGNATURE]
    cdef SignJob jobs[SIGN_RUN]
    cdef SignJob* order[SIGN_RUN]
    cdef const uint8_t* text
    cdef const Native* key = &work.engine._native.native
    cdef const Row* row = work.engine._row
    cdef Py_ssize_t tail = 1 + encoded_size(work.octets)
    cdef int i
    for i in range(count):
        jobs[i].key = key
        jobs[i].row = row
        jobs[i].data = PyUnicode_1BYTE_DATA(work.tokens[first + i])
        jobs[i].size = PyUnicode_GET_LENGTH(work.tokens[first + i]) - tail
        jobs[i].out = signatures[i]
        order[i] = &jobs[i]
    sign_jobs(order, count, sign_group(key, row))
    for i in range(count):
        if jobs[i].made != work.octets:
            return False
        text = jobs[i].data + jobs[i].size
        (<uint8_t*>text)[0] = 0x2E
        encode(signatures[i], work.octets, <uint8_t*>text + 1)
    return True
