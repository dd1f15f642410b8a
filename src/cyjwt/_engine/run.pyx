"""A run of tokens verified together, without the interpreter lock.

Three passes over the run: headers and signatures are read, signatures are verified by group, so that those
which may share lanes do, and the payloads of those that hold are read and checked. A token goes through the
same steps in the same order as in ``verify``, and gets the same status.
"""

from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memset

from cyjwt._engine.base64url cimport decode, decoded_size
from cyjwt._engine.claims cimport check_claims, keep_text
from cyjwt._engine.compact cimport recall, remember, split
from cyjwt._engine.jsonlex cimport CYJWT_JSON_SLACK
from cyjwt._engine.jsonnames cimport find_name, forget_names, want_names
from cyjwt._engine.jsonscan cimport NOT_OBJECT, Notes, add_name, scan_object
from cyjwt._engine.lanes cimport LANE_GROUPS, lane_group, verify_jobs
from cyjwt._engine.pkey cimport is_quick, row_by_id, verify_signature
from cyjwt._engine.prefetch cimport cyjwt_prefetch_text
from cyjwt._engine.status cimport (
    JSON_MEMORY,
    NO_MEMORY,
    PAYLOAD_BASE64,
    PAYLOAD_JSON,
    PAYLOAD_NOT_OBJECT,
    SIGNATURE_BASE64,
    SIGNATURE_INVALID,
    TOKEN_SEGMENTS,
    TOKEN_TOO_LARGE,
    VALID,
)
from cyjwt._engine.verify cimport check_foreign, choose_key, unpadded

cdef enum:
    SINGLE = -1         # no lanes for it
    DONE = -2           # verified while it was read, or refused
    FOREIGN = -3        # by a key that libcrypto does not serve
    AHEAD = 2           # how many tokens before its turn a text is asked for


cdef class Room:
    def __cinit__(self):
        forget_names(&self.known)

    def __dealloc__(self):
        free(self.arena)
        free(self.picked)
        free(self.notes)


cdef int settle(Room room, Engine engine) except -1:
    if room.engine is not engine:
        room.memory = HeaderMemory()
        room.engine = engine
    return 0


cdef int make_pick(Engine engine, names, Pick* pick, list texts) except -1:
    cdef int index
    pick.names = engine.claim_rules.names
    pick.count = 0
    for name in names:
        if pick.count == MAX_NAMES:
            raise ValueError(f"at most {MAX_NAMES} claims can be asked for at once")
        text = keep_text(name, texts)
        index = find_name(&pick.names, text.start, text.length)
        if index < 0:
            index = pick.names.count
            if add_name(&pick.names, text.start, text.length) < 0:
                asked = len({other for other in names if other not in engine.claim_rules._names})
                raise ValueError(
                    f"{asked} claims asked for, but this verifier leaves room for "
                    f"{MAX_NAMES - engine.claim_rules.names.count} beside those it checks"
                )
        pick.index[pick.count] = index
        pick.count += 1
    return 0


cdef bint prepare(Engine engine, Room room, int count, int want, const Pick* pick) noexcept nogil:
    """Room for all that the run decodes: never more than its texts and some slack for each.

    A text that is too long to be read needs none: it may be longer than there is memory.
    """
    cdef size_t need = 0
    cdef int i
    for i in range(count):
        if room.status[i] == VALID and room.texts[i].size <= engine.max_size:
            need += room.texts[i].size + CYJWT_JSON_SLACK
    if need > room.arena_room:
        free(room.arena)
        room.arena_room = 0
        room.arena = <uint8_t*>malloc(need)
        if room.arena == NULL:
            return False
        room.arena_room = need
    room.notes_used = 0
    if want == WANT_CLAIMS and room.notes_room < count * NOTES_EACH:
        free(room.notes)
        room.notes_room = 0
        room.notes = <Note*>malloc(count * NOTES_EACH * sizeof(Note))
        if room.notes == NULL:
            return False
        room.notes_room = count * NOTES_EACH
    if want == WANT_PICKED and room.picked_room < RUN_TOKENS * pick.count:
        free(room.picked)
        room.picked_room = 0
        room.picked = <Member*>malloc(RUN_TOKENS * pick.count * sizeof(Member))
        if room.picked == NULL:
            return False
        room.picked_room = RUN_TOKENS * pick.count
    return True


cdef int read_item(Engine engine, Room room, int i, const Item* last, size_t* used) noexcept nogil:
    """A Status: from the text to the job of checking its signature, done at once where that is quick.

    last is the token before it with a header that was read, or NULL. used counts what the arena holds.
    """
    cdef Item* item = &room.items[i]
    cdef Segments* segments = &item.segments
    cdef Job* job = &room.jobs[i]
    cdef uint8_t* signature = room.arena + used[0]
    cdef size_t size
    cdef int status
    item.group = DONE
    if room.texts[i].size > engine.max_size:
        return TOKEN_TOO_LARGE
    if not split(room.texts[i].start, room.texts[i].size, segments):
        return TOKEN_SEGMENTS
    item.known = recall(&room.memory.own, segments.header, segments.header_size)
    if item.known != NULL:
        item.row = item.known.row
        item.key = item.known.key
    elif (
        last != NULL and last.segments.header_size == segments.header_size
        and memcmp(last.segments.header, segments.header, segments.header_size) == 0
    ):
        # What a header stands for does not depend on who signed it; it is only not to be remembered yet.
        item.row = last.row
        item.key = last.key
    else:
        status = choose_key(engine, segments, signature, &item.row, &item.key)
        if status != VALID:
            return status
    size = unpadded(segments.signature, segments.signature_size, engine.padding)
    if decode(segments.signature, size, signature) < 0:
        return SIGNATURE_BASE64
    job.key = engine.native[item.key]
    job.row = row_by_id(item.row)
    job.data = segments.token
    job.size = segments.signing_size
    job.signature = signature
    job.signature_size = decoded_size(size)
    if job.key != NULL and is_quick(job.row, job.size):
        job.holds = verify_signature(
            job.key, job.row, job.data, job.size, job.signature, job.signature_size
        )
        return status_of(job)
    used[0] += job.signature_size
    item.group = FOREIGN if job.key == NULL else lane_group(job.key, job.row)
    return VALID


cdef inline int status_of(const Job* job) noexcept nogil:
    return VALID if job.holds == 1 else SIGNATURE_INVALID if job.holds == 0 else NO_MEMORY


cdef void verify_groups(Room room, int count) noexcept nogil:
    """Verifies what was not done at once, the jobs of a group together."""
    cdef int[LANE_GROUPS + 1] counts
    cdef int[LANE_GROUPS + 1] places
    cdef int i, group, total = 0
    memset(counts, 0, sizeof(counts))
    for i in range(count):
        if room.items[i].group >= SINGLE:
            counts[room.items[i].group + 1] += 1
    for group in range(LANE_GROUPS + 1):
        places[group] = total
        total += counts[group]
    for i in range(count):
        group = room.items[i].group
        if group >= SINGLE:
            room.order[places[group + 1]] = &room.jobs[i]
            places[group + 1] += 1
    for group in range(LANE_GROUPS + 1):
        if counts[group]:
            verify_jobs(&room.order[places[group] - counts[group]], counts[group], group - 1)
    for i in range(count):
        if room.items[i].group >= SINGLE:
            room.status[i] = <uint8_t>status_of(&room.jobs[i])


cdef int verify_foreign(Engine engine, Room room, int i) except -1 with gil:
    cdef Job* job = &room.jobs[i]
    cdef bytes signature = job.signature[:job.signature_size]
    room.status[i] = <uint8_t>check_foreign(engine, room.items[i].key, &room.items[i].segments, signature)
    return 0


cdef int read_payload(
    Engine engine, Room room, int i, int want, const Pick* pick, double now, size_t* used
) noexcept nogil:
    """A Status: the payload's text decoded into the arena and, unless the caller will, checked."""
    cdef Segments* segments = &room.items[i].segments
    cdef uint8_t* text = room.arena + used[0]
    cdef size_t size = unpadded(segments.payload, segments.payload_size, engine.padding)
    cdef Member[MAX_NAMES] members
    cdef const Names* names = &pick.names if want == WANT_PICKED else &engine.claim_rules.names
    cdef Member* picked
    cdef Notes* notes = NULL
    cdef int error, status, j, absent = 0
    cdef unsigned int line
    if decode(segments.payload, size, text) < 0:
        return PAYLOAD_BASE64
    size = decoded_size(size)
    memset(text + size, 0, CYJWT_JSON_SLACK)
    if want != WANT_STATUS:
        used[0] += size + CYJWT_JSON_SLACK
        room.payloads[i].start = text
        room.payloads[i].size = size
    if want == WANT_TEXT:
        return VALID
    line = 0 if room.items[i].known == NULL else <unsigned int>(room.items[i].known - room.memory.own.slots)
    if want == WANT_CLAIMS:
        notes = &room.items[i].notes
        notes.first = room.notes + room.notes_used
        notes.room = room.notes_room - room.notes_used
    error = scan_object(text, size, names, members, &room.known, line, notes)
    if notes != NULL and notes.count > 0:
        room.notes_used += notes.count
    if error == JSON_MEMORY:
        return NO_MEMORY
    if error:
        return PAYLOAD_NOT_OBJECT if error == NOT_OBJECT else PAYLOAD_JSON + error
    status = check_claims(engine.claim_rules, members, now, &absent)
    room.absent[i] = <uint8_t>absent
    if want == WANT_PICKED and status == VALID:
        picked = room.picked + i * pick.count
        for j in range(pick.count):
            picked[j] = members[pick.index[j]]
    return status


cdef int verify_run(
    Engine engine, Room room, int count, int want, const Pick* pick, double now
) except -1 nogil:
    cdef const Item* last = NULL
    cdef Item* item
    cdef size_t used = 0
    cdef int i
    want_names(&room.known, &pick.names if want == WANT_PICKED else &engine.claim_rules.names)
    if not prepare(engine, room, count, want, pick):
        with gil:
            raise MemoryError
    for i in range(count):
        item = &room.items[i]
        item.group = DONE
        item.known = NULL
        if i + AHEAD < count:
            cyjwt_prefetch_text(room.texts[i + AHEAD].start, room.texts[i + AHEAD].size)
        if room.status[i] != VALID:
            continue
        room.status[i] = <uint8_t>read_item(engine, room, i, last, &used)
        if item.known == NULL and room.status[i] == VALID:
            last = item
    verify_groups(room, count)
    for i in range(count):
        item = &room.items[i]
        if item.group == FOREIGN:
            verify_foreign(engine, room, i)
        if room.status[i] != VALID:
            continue
        if item.known == NULL:
            item.known = recall(&room.memory.own, item.segments.header, item.segments.header_size)
            if item.known == NULL:
                remember(
                    &room.memory.own, item.segments.header, item.segments.header_size, item.row, item.key
                )
        room.status[i] = <uint8_t>read_payload(engine, room, i, want, pick, now, &used)
    return 0
