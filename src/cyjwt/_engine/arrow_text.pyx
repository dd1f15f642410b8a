"""Reads columns of text through the Arrow PyCapsule interface, where they lie: nothing of a text is copied.

The producer is trusted with its memory, as the interface has it: buffers are as large as their offsets say,
and stay as they are. What can be checked cheaply is: lengths, the order of offsets, and that views stay in
their blocks, so that data which are merely wrong end in a ValueError.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.errno cimport ENOMEM
from libc.string cimport memcpy, memset, strncmp

from cyjwt._engine.arrow_abi cimport ArrowSchema
from cyjwt._engine.run cimport RUN_OCTETS, RUN_TOKENS
from cyjwt._engine.status cimport TOKEN_TEXT, TOKEN_TYPE, VALID

cdef enum:
    VIEW_SIZE = 16
    INLINE_MOST = 12    # a text of so many octets lies in its view

# Of arrays without text: a place that can be named.
cdef uint8_t[8] EMPTY

# What the types of the C data interface are called, by how their formats begin.
_NAMES = {
    "b": "bool", "c": "int8", "C": "uint8", "s": "int16", "S": "uint16", "i": "int32", "I": "uint32",
    "l": "int64", "L": "uint64", "e": "float16", "f": "float32", "g": "float64",
    "w": "fixed_size_binary", "d": "decimal", "+l": "list", "+L": "large_list", "+vl": "list_view",
    "+vL": "large_list_view", "+w": "fixed_size_list", "+s": "struct", "+m": "map", "+ud": "dense_union",
    "+us": "sparse_union", "+r": "run_end_encoded", "td": "date", "tt": "time", "ts": "timestamp",
    "tD": "duration", "ti": "interval",
}


def _name_of(str format):
    for size in (3, 2, 1):
        if format[:size] in _NAMES:
            return _NAMES[format[:size]]
    return f"the type of format {format!r}"


cdef inline int32_t load32(const uint8_t* p) noexcept nogil:
    """Of any alignment: buffers that crossed a network may have none."""
    cdef int32_t value
    memcpy(&value, p, 4)
    return value


cdef inline int64_t load64(const uint8_t* p) noexcept nogil:
    cdef int64_t value
    memcpy(&value, p, 8)
    return value


cdef int read_type(const ArrowSchema* schema, TextType* out) except -1:
    """What kind of text a schema stands for; TypeError for anything else."""
    cdef const ArrowSchema* column = schema
    cdef const char* format
    cdef str spelt
    if schema.format == NULL:
        raise ValueError("malformed Arrow data: a schema without a format")
    memset(out, 0, sizeof(TextType))
    if strncmp(schema.format, b"+s", 3) == 0:
        if schema.n_children != 1:
            raise TypeError(f"tokens must be one column of text, not a struct of {schema.n_children}")
        column = schema.children[0]
        out.nested = True
    format = column.format
    if column.dictionary != NULL:
        raise TypeError("tokens must be string or binary, not dictionary: decode the column first")
    spelt = format.decode("utf-8", "replace")
    if spelt in ("u", "z"):
        out.layout = OFFSETS_32
    elif spelt in ("U", "Z"):
        out.layout = OFFSETS_64
    elif spelt in ("vu", "vz"):
        out.layout = VIEWS
    elif spelt == "n":
        out.layout = NOTHING
    else:
        raise TypeError(f"tokens must be string or binary (also large and view), not {_name_of(spelt)}")
    out.utf8 = spelt in ("u", "U", "vu")
    return 0


cdef inline bint is_valid(const Validity* validity, int64_t row) noexcept nogil:
    row += validity.first
    return validity.bits == NULL or validity.bits[row >> 3] >> (row & 7) & 1


cdef int64_t check_offsets_32(TextChunk chunk) noexcept nogil:
    """The octets of all texts; -1 where an offset is negative or lies before the one in front of it."""
    cdef int64_t i
    cdef int32_t first = load32(chunk.places), before = first, here
    cdef bint wrong = before < 0
    for i in range(1, chunk.rows + 1):
        here = load32(chunk.places + 4 * i)
        wrong |= here < before
        before = here
    return -1 if wrong else before - first


cdef int64_t check_offsets_64(TextChunk chunk) noexcept nogil:
    cdef int64_t i, first = load64(chunk.places), before = first, here
    cdef bint wrong = before < 0
    for i in range(1, chunk.rows + 1):
        here = load64(chunk.places + 8 * i)
        wrong |= here < before
        before = here
    return -1 if wrong else before - first


cdef int64_t check_views(TextChunk chunk) noexcept nogil:
    """The octets of all texts; -1 where a row that is not null has a view that leads out of its block."""
    cdef const uint8_t* view
    cdef int64_t i, octets = 0
    cdef int32_t size, block, start
    for i in range(chunk.rows):
        if not (is_valid(&chunk.validity, i) and is_valid(&chunk.outer, i)):
            continue
        view = chunk.places + VIEW_SIZE * i
        size = load32(view)
        if size < 0:
            return -1
        if size > INLINE_MOST:
            block = load32(view + 8)
            start = load32(view + 12)
            if not 0 <= block < chunk.block_count or start < 0:
                return -1
            if <int64_t>start + size > load64(chunk.block_sizes + 8 * <int64_t>block):
                return -1
            if chunk.blocks[block] == NULL:
                return -1
        octets += size
    return octets


cdef int malformed(str what) except -1:
    raise ValueError(f"malformed Arrow data: {what}")


cdef int take_validity(const ArrowArray* array, int64_t first, Validity* out) except -1:
    if array.n_buffers < 1 or array.buffers == NULL:
        malformed("an array without its buffers")
    if array.null_count != 0:
        out.bits = <const uint8_t*>array.buffers[0]
    out.first = first
    return 0


cdef int take_column(TextChunk chunk) except -1:
    """Looks up the parts of the column in the chunk's array, and checks them."""
    cdef const ArrowArray* array = &chunk.array
    cdef const ArrowArray* column = array
    cdef int64_t first = array.offset
    cdef int layout = chunk.type.layout
    cdef int64_t expected
    if array.length < 0 or array.offset < 0:
        malformed("a negative length or offset")
    chunk.rows = array.length
    if chunk.type.nested:
        if array.n_children != 1 or array.children == NULL:
            malformed("a struct without its column")
        column = array.children[0]
        take_validity(array, first, &chunk.outer)
        # A struct's offset counts in its columns' rows too.
        if column.offset < 0 or column.length - first < chunk.rows:
            malformed("a column that is shorter than its struct")
        first += column.offset
    if column.dictionary != NULL:
        malformed("a dictionary that the schema does not name")
    if chunk.rows == 0 or layout == NOTHING:
        return 0
    expected = 3 if layout != VIEWS else column.n_buffers
    if column.n_buffers != expected or expected < 3 or column.buffers == NULL or column.buffers[1] == NULL:
        malformed("an array without its buffers")
    take_validity(column, first, &chunk.validity)
    chunk.places = <const uint8_t*>column.buffers[1]
    if layout == VIEWS:
        chunk.places += VIEW_SIZE * first
        chunk.block_count = column.n_buffers - 3
        chunk.blocks = <const uint8_t**>column.buffers + 2
        chunk.block_sizes = <const uint8_t*>column.buffers[column.n_buffers - 1]
        if chunk.block_count > 0 and chunk.block_sizes == NULL:
            malformed("views without the sizes of their blocks")
        with nogil:
            chunk.octets = check_views(chunk)
    else:
        chunk.places += (4 if layout == OFFSETS_32 else 8) * first
        with nogil:
            chunk.octets = check_offsets_32(chunk) if layout == OFFSETS_32 else check_offsets_64(chunk)
        chunk.data = <const uint8_t*>column.buffers[2]
        if chunk.data == NULL:
            if chunk.octets > 0:
                malformed("text without its buffer")
            chunk.data = EMPTY
    if chunk.octets < 0:
        malformed("an offset that lies outside of its buffer, or before another's")
    return 0


cdef class TextChunk:
    """An array of tokens where its producer keeps it. Made by a ``TextSource`` alone."""

    def __dealloc__(self):
        if self.array.release != NULL:
            self.array.release(&self.array)

    def __len__(self):
        return self.rows

    def text(self, int64_t row, /):
        """A row's octets; ``None`` where it is null, or no text that a ``str`` token could be.

        Args:
            row: its number, from 0.

        Returns:
            ``bytes`` or ``None``.

        Raises:
            IndexError: there is no such row.
        """
        cdef Slice text
        if not 0 <= row < self.rows:
            raise IndexError("no such row")
        if text_at(self, row, &text) != VALID:
            return None
        return (<const char*>text.start)[:text.size]


cdef TextChunk adopt(ArrowArray* array, const TextType* type):
    """A chunk that has taken an array over, which the giver then holds as released."""
    cdef TextChunk chunk = TextChunk.__new__(TextChunk)
    chunk.array = array[0]
    array.release = NULL
    chunk.type = type[0]
    take_column(chunk)
    return chunk


cdef int fail_stream(ArrowArrayStream* stream, int code) except -1:
    cdef const char* said
    if code == ENOMEM:
        raise MemoryError("the Arrow stream is out of memory")
    said = stream.get_last_error(stream)
    raise OSError(code, "the Arrow stream failed" if said == NULL else
                  f"the Arrow stream failed: {said.decode('utf-8', 'replace')}")


cdef int open_stream(TextSource source, capsule) except -1:
    cdef ArrowArrayStream* stream
    cdef ArrowSchema schema
    cdef int code
    stream = <ArrowArrayStream*>PyCapsule_GetPointer(capsule, b"arrow_array_stream")
    if stream.release == NULL:
        raise ValueError("the Arrow stream was consumed before")
    source.stream = stream[0]
    stream.release = NULL
    schema.release = NULL
    with nogil:
        code = source.stream.get_schema(&source.stream, &schema)
    if code != 0:
        fail_stream(&source.stream, code)
    if schema.release == NULL:
        malformed("a stream without a schema")
    try:
        read_type(&schema, &source.type)
    finally:
        schema.release(&schema)
    return 0


cdef void close_stream(TextSource source) noexcept:
    if source.stream.release != NULL:
        source.stream.release(&source.stream)
        source.stream.release = NULL


cdef class TextSource:
    """The chunks of an Arrow array or stream, one after the other; each is read when it is asked for.

    Args:
        data: an object with ``__arrow_c_array__`` or ``__arrow_c_stream__``, of string or binary (also large
            and view) or null type, or a struct of one such column.

    Raises:
        TypeError: there is neither method, or the data are of another type.
        ValueError: the data are malformed, or were consumed before.
        OSError: the stream failed.
    """

    def __cinit__(self, data):
        cdef ArrowSchema* schema
        cdef ArrowArray* array
        method = getattr(data, "__arrow_c_array__", None)
        if method is not None:
            schema_capsule, array_capsule = method()
            schema = <ArrowSchema*>PyCapsule_GetPointer(schema_capsule, b"arrow_schema")
            array = <ArrowArray*>PyCapsule_GetPointer(array_capsule, b"arrow_array")
            if schema.release == NULL or array.release == NULL:
                raise ValueError("the Arrow array was consumed before")
            read_type(schema, &self.type)
            self.only = adopt(array, &self.type)
            return
        method = getattr(data, "__arrow_c_stream__", None)
        if method is None:
            raise TypeError("tokens must offer the Arrow PyCapsule interface")
        self.is_stream = True
        open_stream(self, method())

    def __dealloc__(self):
        close_stream(self)

    def __iter__(self):
        return self

    def __next__(self):
        cdef ArrowArray array
        cdef TextChunk chunk = self.only
        cdef int code
        if chunk is not None:
            self.only = None
            return chunk
        if self.stream.release == NULL:
            raise StopIteration
        array.release = NULL
        # Without the lock: a producer may wait for threads that need it.
        with nogil:
            code = self.stream.get_next(&self.stream, &array)
        if code != 0:
            fail_stream(&self.stream, code)
        if array.release == NULL:
            close_stream(self)
            raise StopIteration
        return adopt(&array, &self.type)


cdef object open_texts(object data):
    if not (hasattr(data, "__arrow_c_array__") or hasattr(data, "__arrow_c_stream__")):
        return None
    return TextSource(data)


cdef inline bint is_ascii(const uint8_t* text, size_t size) noexcept nogil:
    cdef uint8_t seen = 0
    cdef size_t i
    for i in range(size):
        seen |= text[i]
    return seen < 0x80


cdef int text_at(TextChunk chunk, int64_t row, Slice* text) noexcept nogil:
    cdef const uint8_t* place
    cdef int64_t start
    text.start = EMPTY
    text.size = 0
    if chunk.type.layout == NOTHING or not (is_valid(&chunk.validity, row) and is_valid(&chunk.outer, row)):
        return TOKEN_TYPE
    if chunk.type.layout == VIEWS:
        place = chunk.places + VIEW_SIZE * row
        text.size = <size_t>load32(place)
        text.start = place + 4
        if text.size > INLINE_MOST:
            text.start = chunk.blocks[load32(place + 8)] + load32(place + 12)
    elif chunk.type.layout == OFFSETS_32:
        start = load32(chunk.places + 4 * row)
        text.start = chunk.data + start
        text.size = <size_t>(load32(chunk.places + 4 * row + 4) - start)
    else:
        start = load64(chunk.places + 8 * row)
        text.start = chunk.data + start
        text.size = <size_t>(load64(chunk.places + 8 * row + 8) - start)
    # A str that is not ASCII is refused as such, however long it is; bytes are left to the pass.
    return TOKEN_TEXT if chunk.type.utf8 and not is_ascii(text.start, text.size) else VALID


cdef int fill(TextChunk chunk, Room room, int64_t first, int64_t most) noexcept nogil:
    cdef int64_t i, count = min(min(most, chunk.rows - first), <int64_t>RUN_TOKENS)
    cdef size_t octets = 0
    for i in range(count):
        room.status[i] = <uint8_t>text_at(chunk, first + i, &room.texts[i])
        octets += room.texts[i].size
        if octets > RUN_OCTETS:
            return <int>i + 1
    return <int>max(count, <int64_t>0)
