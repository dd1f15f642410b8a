"""Eight signatures at a time where the CPU can, one by one elsewhere; the verdict is the same on either.

crypto_mb computes eight RSA, ECDSA or Ed25519 operations at once with AVX-512 IFMA; this is the one module
that is linked with it. What a family needs lies in its own part: ``lanes_rsa``, ``lanes_ec``,
``lanes_ed25519``, and signing in ``lanes_sign``; this module says which signatures may share lanes, and when
lanes are worth it.

The verdict does not depend on the route. What single verification checks before any arithmetic is checked by
the same code of ``pkey`` before a lane is filled. A lane's yes stands; what it does not say yes to, libcrypto
decides, because crypto_mb says no to some signatures that hold: where the two points that ECDSA adds are one
(their coordinates are compared before they are fully reduced), where a hash is not below the order, and under
RSA moduli of certain forms (a digit of a quotient is one off). Nobody meets these but on purpose. A flood of
bad signatures is not verified twice for it: where lanes say yes to none of a set, the run goes on one by one.
"""

import os

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc

from cyjwt._engine.crypto_mb cimport (
    CYJWT_MBX_VERSION, cyjwt_mbx_applicable, mbx_RSA_Method_BufSize, mbx_RSA_private_crt_Method,
    mbx_RSA_pub65537_Method)
from cyjwt._engine.lanes_ec cimport ec_lanes
from cyjwt._engine.lanes_ed25519 cimport ed25519_lanes
from cyjwt._engine.lanes_rsa cimport RSA_SCRATCH, rsa_lanes
from cyjwt._engine.lanes_sign cimport SIGN_SCRATCH, ed25519_sign_lanes, rsa_sign_lanes
from cyjwt._engine.pkey cimport (
    CURVE_P256, CURVE_P384, CURVE_P521, FAMILY_EC, FAMILY_OKP, FAMILY_RSA_PKCS1, Native, NativeKey, Row, fits,
    is_well_formed, make_signature, row_by_id, signature_size, verify_signature, wipe)

from cyjwt._engine import pkey

cdef enum:
    ALONE = -1
    RSA_2048 = 0
    RSA_3072
    RSA_4096
    P256
    P384
    P521
    ED25519
    GROUPS

cdef enum:
    NEVER = LANES + 1

cdef enum Route:
    ROUTE_MEASURED = 0
    ROUTE_LANES
    ROUTE_SINGLE

# From how many signatures on lanes are quicker than going one by one. A call takes as long for one as for
# eight, so that it is the time of a call over that of one signature alone, rounded up. In microseconds, 420
# octets of data, the best of many, on an Intel Xeon of the fourth generation:
#
#                     RSA-2048  RSA-3072  RSA-4096  P-256  P-384  P-521  Ed25519
#   a call            32        65        112       128    470    540    71
#   AWS-LC 5.12       13.0      27.9      48.7      49.5   160    255    29.2
#   OpenSSL 3.0       14.8      31.3      54.1      59     515    390    84
#
# On an AMD EPYC with Zen 4 the quotients are the same, but for P-256 with AWS-LC, which is 3.3 there.
cdef int _worth[GROUPS]
for _group, _least in enumerate({
    "AWS-LC": [3, 3, 3, 3, 3, 3, 3],
    "OpenSSL": [3, 3, 3, 3, 1, 2, 1],
}[pkey.libcrypto_name()]):
    _worth[<int> _group] = _least

# The same for signing, the check of an RSA signature included:
#
#                     RSA-2048  RSA-3072  RSA-4096  Ed25519
#   a call            730       4650      6300      34
#   AWS-LC 5.12       250       700       1400      7.7
#   OpenSSL 3.0       266       2400      3600      35
#
# A call takes a third longer on Zen 4, so that RSA-3072 with AWS-LC is left alone: NEVER.
cdef int _worth_signing[GROUPS]
for _group, _least in enumerate({
    "AWS-LC": [5, NEVER, 7, NEVER, NEVER, NEVER, 4],
    "OpenSSL": [5, 3, 3, NEVER, NEVER, NEVER, 1],
}[pkey.libcrypto_name()]):
    _worth_signing[<int> _group] = _least

cdef bint _live = cyjwt_mbx_applicable() and os.environ.get("CYJWT_LANES", "") != "0"
cdef int _route = ROUTE_MEASURED
_ROUTES = {None: ROUTE_MEASURED, "lanes": ROUTE_LANES, "single": ROUTE_SINGLE}

if _live and (mbx_RSA_Method_BufSize(mbx_RSA_pub65537_Method(4096)) > RSA_SCRATCH
              or mbx_RSA_Method_BufSize(mbx_RSA_private_crt_Method(4096)) > SIGN_SCRATCH):
    raise ImportError("crypto_mb needs more room for RSA than this module gives it")


cdef int lane_group(const Native* key, const Row* row) noexcept nogil:
    if not _live or _route == ROUTE_SINGLE or not fits(key, row):
        return ALONE
    if key.kind == FAMILY_RSA_PKCS1:
        # The operation is raising to the power of 65537, and nothing else.
        if not key.numbers.common_exponent:
            return ALONE
        if key.numbers.bits == 2048:
            return RSA_2048
        if key.numbers.bits == 3072:
            return RSA_3072
        return RSA_4096 if key.numbers.bits == 4096 else ALONE
    if key.kind == FAMILY_EC:
        # No algorithm has a hash longer than its curve, which would have to be cut.
        if row.hash_bits > key.numbers.bits:
            return ALONE
        if key.curve == CURVE_P256:
            return P256
        if key.curve == CURVE_P384:
            return P384
        return P521 if key.curve == CURVE_P521 else ALONE
    return ED25519 if key.kind == FAMILY_OKP else ALONE


cdef inline void _verify_alone(Job* job) noexcept nogil:
    job.holds = verify_signature(job.key, job.row, job.data, job.size, job.signature, job.signature_size)


cdef inline bint _fills_lane(const Job* job, int group) noexcept nogil:
    # crypto_mb counts the octets of a message in 32 bits.
    return lane_group(job.key, job.row) == group and job.size <= 0x7FFFFFFF


cdef void _ask_lanes(Job** jobs, int count, int group) noexcept nogil:
    # Of up to eight jobs of one group: holds is 1 where a lane says yes, else 0.
    if group <= RSA_4096:
        rsa_lanes(jobs, count)
    elif group <= P521:
        ec_lanes(jobs, count)
    else:
        ed25519_lanes(jobs, count)


cdef int _verify_lanes(Job** jobs, int count, int group) noexcept nogil:
    # Returns how many lanes said yes.
    cdef int held = 0
    cdef int i
    _ask_lanes(jobs, count, group)
    for i in range(count):
        if jobs[i].holds == 1:
            held += 1
        else:
            _verify_alone(jobs[i])
    return held


cdef void verify_jobs(Job** jobs, size_t count, int group) noexcept nogil:
    cdef Job* filled[LANES]
    cdef int least = 1 if _route == ROUTE_LANES or group < 0 else _worth[group]
    cdef int used, held, k
    cdef size_t i = 0
    cdef Job* job
    while i < count:
        used = 0
        while used < LANES and i < count:
            job = jobs[i]
            i += 1
            if group < 0 or not _fills_lane(job, group):
                _verify_alone(job)
            elif not is_well_formed(job.key, job.row, job.signature, job.signature_size):
                job.holds = 0
            else:
                filled[used] = job
                used += 1
        if used >= least:
            held = _verify_lanes(filled, used, group)
            if held == 0 and _route == ROUTE_MEASURED:
                least = NEVER
        else:
            for k in range(used):
                _verify_alone(filled[k])


cdef int sign_group(const Native* key, const Row* row) noexcept nogil:
    cdef int group = lane_group(key, row)
    if RSA_2048 <= group <= RSA_4096:
        return group if key.secrets.p != NULL else ALONE
    # An ECDSA signature needs a nonce that nobody may guess a bit of: that is left to libcrypto.
    return group if group == ED25519 and key.secrets.seed != NULL else ALONE


cdef inline void _sign_alone(SignJob* job) noexcept nogil:
    job.made = make_signature(job.key, job.row, job.data, job.size, job.out)


cdef void _sign_lanes(SignJob** jobs, int count, int group, uint8_t* scratch) noexcept nogil:
    # Of up to eight jobs of one group: made is -1 where it is to be done otherwise, as RSA without scratch.
    cdef int i
    for i in range(count):
        jobs[i].made = -1
    if group == ED25519:
        ed25519_sign_lanes(jobs, count)
    elif scratch != NULL:
        rsa_sign_lanes(jobs, count, scratch)


cdef void sign_jobs(SignJob** jobs, size_t count, int group) noexcept nogil:
    cdef SignJob* filled[LANES]
    cdef int least = 1 if _route == ROUTE_LANES or group < 0 else _worth_signing[group]
    cdef int used, k
    cdef size_t i = 0
    cdef uint8_t* scratch = NULL
    if RSA_2048 <= group <= RSA_4096 and count >= <size_t> least:
        scratch = <uint8_t*> malloc(SIGN_SCRATCH)
    while i < count:
        used = 0
        while used < LANES and i < count:
            if sign_group(jobs[i].key, jobs[i].row) == group and jobs[i].size <= 0x7FFFFFFF:
                filled[used] = jobs[i]
                used += 1
            else:
                _sign_alone(jobs[i])
            i += 1
        if used >= least:
            _sign_lanes(filled, used, group, scratch)
        for k in range(used):
            if used < least or filled[k].made < 0:
                _sign_alone(filled[k])
    if scratch != NULL:
        wipe(scratch, SIGN_SCRATCH)
        free(scratch)


cdef void _sign_in_lanes_alone(SignJob** jobs, size_t count, int group) noexcept nogil:
    # For tests of crypto_mb itself.
    cdef uint8_t* scratch = <uint8_t*> malloc(SIGN_SCRATCH)
    cdef size_t i
    for i in range(count):
        jobs[i].made = -1
        if group >= 0:
            _sign_lanes(&jobs[i], 1, group, scratch)
    if scratch != NULL:
        wipe(scratch, SIGN_SCRATCH)
        free(scratch)


cdef void _ask_lanes_alone(Job** jobs, size_t count, int group) noexcept nogil:
    # For tests of crypto_mb itself.
    cdef size_t i
    for i in range(count):
        jobs[i].holds = 0
        if group >= 0 and is_well_formed(jobs[i].key, jobs[i].row, jobs[i].signature, jobs[i].signature_size):
            _ask_lanes(&jobs[i], 1, group)


def live():
    """Tell whether signatures are verified several at a time.

    Returns:
        True where this build has crypto_mb, the CPU what it needs (AVX-512 IFMA), and the environment
        variable ``CYJWT_LANES`` did not say ``0`` when the module was imported.
    """
    return _live


def crypto_mb_version():
    """Return the version of crypto_mb that this build is linked with, or ``""`` where it has none."""
    return CYJWT_MBX_VERSION.decode()


def force(route):
    """Choose the route of every signature that is verified from now on, for tests.

    Args:
        route: ``"lanes"`` (whatever lanes serve goes through them, be it one signature alone), ``"single"``,
            or ``None`` for whichever was measured to be quicker.

    Raises:
        ValueError: there is no such route.
        RuntimeError: lanes are not live here.
    """
    global _route
    if route not in _ROUTES:
        raise ValueError("the route must be 'lanes', 'single' or None")
    if route == "lanes" and not _live:
        raise RuntimeError("lanes are not live: the build, the CPU or CYJWT_LANES lacks them")
    _route = _ROUTES[route]


def verify_many(list jobs not None, *, bint confirm=True):
    """Verify signatures together; an entry for tests, which sees what runs of tokens do.

    Args:
        jobs: tuples of a ``NativeKey``, the id of a row of ``cyjwt.algorithms.ALGORITHMS``, the data, and the
            signature, both ``bytes``.
        confirm: whether libcrypto decides on what lanes do not say yes to. Without, each signature gets
            lanes of its own, and what they do not say yes to counts as refused, as does what has none.

    Returns:
        An octet for each, in their order: 1 holds, 0 does not, 255 libcrypto failed.

    Raises:
        TypeError: a job of other types.
        ValueError: there is no algorithm of that id.

    Example:
        >>> from cyjwt._engine.lanes import verify_many
        >>> from cyjwt._engine.pkey import NativeKey
        >>> key = NativeKey.from_secret(b"0123456789abcdef0123456789abcdef")
        >>> verify_many([(key, 1, b"data", key.sign(1, b"data")), (key, 1, b"data", b"none")])
        b'\\x01\\x00'
    """
    cdef size_t count = len(jobs), i, members
    cdef Job* all_jobs = <Job*> malloc((count + 1) * sizeof(Job))
    cdef Job** group_jobs = <Job**> malloc((count + 1) * sizeof(Job*))
    cdef NativeKey key
    cdef bytes data, signature
    cdef int alg_id, group
    try:
        if all_jobs == NULL or group_jobs == NULL:
            raise MemoryError
        for i in range(count):
            key, alg_id, data, signature = jobs[i]
            if key is None or data is None or signature is None:
                raise TypeError("a job is of a NativeKey, an int and two bytes")
            all_jobs[i].key = &key.native
            all_jobs[i].row = row_by_id(alg_id)
            if all_jobs[i].row == NULL:
                raise ValueError("there is no algorithm of that id")
            all_jobs[i].data = <const uint8_t*> PyBytes_AS_STRING(data)
            all_jobs[i].size = len(data)
            all_jobs[i].signature = <const uint8_t*> PyBytes_AS_STRING(signature)
            all_jobs[i].signature_size = len(signature)
        with nogil:
            for group in range(ALONE, GROUPS):
                members = 0
                for i in range(count):
                    if lane_group(all_jobs[i].key, all_jobs[i].row) == group:
                        group_jobs[members] = &all_jobs[i]
                        members += 1
                if confirm:
                    verify_jobs(group_jobs, members, group)
                else:
                    _ask_lanes_alone(group_jobs, members, group)
        verdicts = PyBytes_FromStringAndSize(NULL, count)
        for i in range(count):
            PyBytes_AS_STRING(verdicts)[i] = all_jobs[i].holds
        return verdicts
    finally:
        free(all_jobs)
        free(group_jobs)


def sign_many(list jobs not None, *, bint retry=True):
    """Sign messages together; an entry for tests.

    Args:
        jobs: tuples of a private ``NativeKey``, the id of a row of ``cyjwt.algorithms.ALGORITHMS``, and the
            data.
        retry: whether libcrypto signs what lanes do not. Without, each message gets lanes of its own.

    Returns:
        The signatures, in their order; ``None`` where libcrypto failed, or lanes without ``retry``.

    Raises:
        TypeError: a job of other types.
        ValueError: there is no algorithm of that id, or the key does not sign with it.
    """
    cdef size_t count = len(jobs), i, members
    cdef SignJob* all_jobs = <SignJob*> malloc((count + 1) * sizeof(SignJob))
    cdef SignJob** group_jobs = <SignJob**> malloc((count + 1) * sizeof(SignJob*))
    cdef list made = []
    cdef NativeKey key
    cdef bytes data
    cdef bytearray out
    cdef int alg_id, group
    try:
        if all_jobs == NULL or group_jobs == NULL:
            raise MemoryError
        for i in range(count):
            key, alg_id, data = jobs[i]
            if key is None or data is None:
                raise TypeError("a job is of a NativeKey, an int and bytes")
            all_jobs[i].key = &key.native
            all_jobs[i].row = row_by_id(alg_id)
            if not key.native.private or signature_size(&key.native, all_jobs[i].row) == 0:
                raise ValueError("the key does not sign with an algorithm of that id")
            out = bytearray(signature_size(&key.native, all_jobs[i].row))
            made.append(out)
            all_jobs[i].out = <uint8_t*> <char*> out
            all_jobs[i].data = <const uint8_t*> PyBytes_AS_STRING(data)
            all_jobs[i].size = len(data)
        with nogil:
            for group in range(ALONE, GROUPS):
                members = 0
                for i in range(count):
                    if sign_group(all_jobs[i].key, all_jobs[i].row) == group:
                        group_jobs[members] = &all_jobs[i]
                        members += 1
                if retry:
                    sign_jobs(group_jobs, members, group)
                else:
                    _sign_in_lanes_alone(group_jobs, members, group)
        return [bytes(made[i]) if all_jobs[i].made == len(made[i]) else None for i in range(count)]
    finally:
        free(all_jobs)
        free(group_jobs)
