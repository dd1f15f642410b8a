"""Columns of text that come in through the Arrow PyCapsule interface, and stay where they are.

Data that are merely wrong end in a ValueError; see ``arrow_rows`` for what is checked.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.errno cimport ENOMEM
from libc.stdint cimport uint8_t
from libc.string cimport memset, strncmp

from cyjwt._engine.arrow_abi cimport ArrowSchema, most_rows
from cyjwt._engine.arrow_rows cimport NOTHING, OFFSETS_32, OFFSETS_64, VIEWS, Validity, check, cut, text_at
from cyjwt._engine.run cimport RUN_OCTETS, RUN_TOKENS, Slice
from cyjwt._engine.status cimport TOKEN_TEXT, VALID

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
        if schema.children == NULL or schema.children[0] == NULL:
            raise ValueError("malformed Arrow data: a struct without its column")
        column = schema.children[0]
        out.nested = True
    format = column.format
    if format == NULL:
        raise ValueError("malformed Arrow data: a schema without a format")
    if column.dictionary != NULL:
        raise TypeError(
            "tokens must be string or binary, not dictionary: cast the column, with .cast(pyarrow.string()), "
            '.cast(pl.String) or .astype("string")'
        )
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


cdef int malformed(str what) except -1:
    raise ValueError(f"malformed Arrow data: {what}")


cdef int take_validity(const ArrowArray* array, int64_t first, Validity* out) except -1:
    if array.n_buffers < 1 or array.buffers == NULL:
        malformed("an array without its buffers")
    if array.null_count != 0:
        out.bits = <const uint8_t*>array.buffers[0]
    out.first = first
    return 0


cdef int check_extent(const ArrowArray* array) except -1:
    """What is computed from a length and an offset must fit 64 bits; nulls need no memory to be many."""
    if array.length < 0 or array.offset < 0:
        malformed("a negative length or offset")
    if array.length > most_rows() or array.offset > most_rows():
        malformed("more rows than can be")
    return 0


cdef int take_column(TextChunk chunk) except -1:
    """Looks up the parts of the column in the chunk's array, and checks them."""
    cdef const ArrowArray* array = &chunk.array
    cdef const ArrowArray* column = array
    cdef Texts* texts = &chunk.texts
    cdef int64_t first = array.offset
    cdef bint views = texts.type.layout == VIEWS
    check_extent(array)
    texts.rows = chunk.rows = array.length
    if texts.type.nested:
        if array.n_children != 1 or array.children == NULL or array.children[0] == NULL:
            malformed("a struct without its column")
        column = array.children[0]
        take_validity(array, first, &texts.outer)
        check_extent(column)
        # A struct's offset counts in its columns' rows too.
        if column.length - first < texts.rows:
            malformed("a column that is shorter than its struct")
        first += column.offset
    if column.dictionary != NULL:
        malformed("a dictionary that the schema does not name")
    if texts.rows == 0 or texts.type.layout == NOTHING:
        return 0
    if column.n_buffers < 3 or (column.n_buffers > 3 and not views):
        malformed("an array without its buffers")
    if column.buffers == NULL or column.buffers[1] == NULL:
        malformed("an array without its buffers")
    take_validity(column, first, &texts.validity)
    texts.places = <const uint8_t*>column.buffers[1]
    if views:
        texts.block_count = column.n_buffers - 3
        texts.blocks = <const uint8_t**>column.buffers + 2
        texts.block_sizes = <const uint8_t*>column.buffers[column.n_buffers - 1]
        if texts.block_count > 0 and texts.block_sizes == NULL:
            malformed("views without the sizes of their blocks")
    else:
        texts.data = <const uint8_t*>column.buffers[2]
    with nogil:
        chunk.octets = check(texts, first)
    if chunk.octets < 0:
        malformed("an offset that lies outside of its buffer, or before another's")
    if chunk.octets > 0 and not views and column.buffers[2] == NULL:
        malformed("text without its buffer")
    return 0


cdef class TextChunk:
    """An array of tokens where its producer keeps it. Made by a ``TextSource`` alone."""

    def __dealloc__(self):
        if self.array.release != NULL:
            # Without the lock, as all that a producer is asked: it may wait for threads that need it.
            with nogil:
                self.array.release(&self.array)

    def __len__(self):
        return self.rows

    def cut(self, int64_t first, int64_t most, /):
        """Where to cut a chunk that holds more text than can be verified into one array.

        Args:
            first: the first row of a piece.
            most: how many octets of text the piece may hold.

        Returns:
            The row behind the piece's last: one more than ``first`` at least, where there is one.

        Raises:
            IndexError: there is no such row.
        """
        cdef int64_t stop = self.rows, octets
        if not 0 <= first <= stop:
            raise IndexError("no such row")
        if self.octets > most:
            with nogil:
                stop = cut(&self.texts, first, stop, most, &octets)
        return stop

    def text(self, int64_t row, /):
        """A row's octets; ``None`` where it is null, or no text that a ``str`` token could be. For tests.

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
        if text_at(&self.texts, row, &text) != VALID:
            return None
        return (<const char*>text.start)[:text.size]

    def token(self, int64_t row, /):
        """A row as an object of its own that has the row's verdict.

        Raises:
            IndexError: there is no such row.
        """
        cdef Slice text
        cdef int status
        if not 0 <= row < self.rows:
            raise IndexError("no such row")
        status = text_at(&self.texts, row, &text)
        if status == TOKEN_TEXT:
            return "\ufffd"
        return (<const char*>text.start)[:text.size] if status == VALID else None


cdef TextChunk adopt(ArrowArray* array, const TextType* type):
    """A chunk that has taken an array over, which the giver then holds as released."""
    cdef TextChunk chunk = TextChunk.__new__(TextChunk)
    chunk.array = array[0]
    array.release = NULL
    chunk.texts.type = type[0]
    take_column(chunk)
    return chunk


cdef int fail_stream(ArrowArrayStream* stream, int code) except -1:
    cdef const char* said
    if code == ENOMEM:
        raise MemoryError("the Arrow stream is out of memory")
    with nogil:
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
        with nogil:
            schema.release(&schema)
    return 0


cdef void close_stream(TextSource source) noexcept:
    cdef ArrowArrayStream stream = source.stream
    if stream.release != NULL:
        # Whoever else asks meanwhile finds it closed.
        source.stream.release = NULL
        with nogil:
            stream.release(&stream)


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
        as_stream = getattr(data, "__arrow_c_stream__", None)
        if method is not None:
            try:
                schema_capsule, array_capsule = method()
            except Exception:
                # Who offers both may have one array now and several another time, as nanoarrow does.
                if as_stream is None:
                    raise
                method = None
        if method is not None:
            schema = <ArrowSchema*>PyCapsule_GetPointer(schema_capsule, b"arrow_schema")
            array = <ArrowArray*>PyCapsule_GetPointer(array_capsule, b"arrow_array")
            if schema.release == NULL or array.release == NULL:
                raise ValueError("the Arrow array was consumed before")
            read_type(schema, &self.type)
            self.only = adopt(array, &self.type)
            return
        if as_stream is None:
            raise TypeError(
                f"tokens must offer the Arrow PyCapsule interface, not {type(data).__name__}: "
                "pyarrow.array(tokens), or a RecordBatchReader around an iterator of batches"
            )
        self.is_stream = True
        open_stream(self, as_stream())

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


cdef int fill(TextChunk chunk, Room room, int64_t first, int64_t most) noexcept nogil:
    cdef int64_t i, count = min(min(most, chunk.rows - first), <int64_t>RUN_TOKENS)
    cdef size_t octets = 0
    for i in range(count):
        room.status[i] = <uint8_t>text_at(&chunk.texts, first + i, &room.texts[i])
        octets += room.texts[i].size
        if octets > RUN_OCTETS:
            return <int>i + 1
    return <int>max(count, <int64_t>0)
