"""A producer of Arrow data of our own, which counts what is released and can be told to be wrong.

It lays out the structs of the Arrow C data and C stream interfaces with ctypes, so that tests of what comes in need no
Arrow library, and can hand over what none of them would.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from typing import Any


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))
GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Array))
GET_LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Stream))

Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", RELEASE_SCHEMA),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", RELEASE_ARRAY),
    ("private_data", ctypes.c_void_p),
]
Stream._fields_ = [
    ("get_schema", GET_SCHEMA),
    ("get_next", GET_NEXT),
    ("get_last_error", GET_LAST_ERROR),
    ("release", RELEASE_STREAM),
    ("private_data", ctypes.c_void_p),
]

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


def bits(flags: Sequence[bool]) -> bytes:
    """A validity bitmap."""
    out = bytearray((len(flags) + 7) // 8)
    for i, flag in enumerate(flags):
        out[i // 8] |= flag << i % 8
    return bytes(out)


def offsets(texts: Sequence[bytes | None], code: str) -> bytes:
    """The offsets buffer of texts, with ``i`` or ``q`` for its width."""
    places = [0]
    for text in texts:
        places.append(places[-1] + len(text or b""))
    return struct.pack(f"={len(places)}{code}", *places)


def views(texts: Sequence[bytes | None], blocks: list[bytearray]) -> bytes:
    """The views buffer of texts; what is long goes into the blocks in turn."""
    out = b""
    for i, text in enumerate(texts):
        held = text or b""
        if len(held) <= 12:
            out += struct.pack("=i", len(held)) + held.ljust(12, b"\0")
        else:
            block = i % len(blocks)
            out += struct.pack("=i4sii", len(held), held[:4], block, len(blocks[block]))
            blocks[block] += held
    return out


#: What was handed over has no owner but its consumer, so that none of it may go with its producer.
HANDED_OVER: list[Any] = []


class Producer:
    """An Arrow array or stream in Python's hands, for one consumer at a time.

    Attributes:
        released: how often an array, schema or stream was released, by kind.
    """

    def __init__(self, format: bytes = b"u", **changes: Any) -> None:
        self.format = format
        self.changes = changes
        self.released = {"schema": 0, "array": 0, "stream": 0}
        self.made = {"schema": 0, "array": 0, "stream": 0}
        self.kept: list[Any] = []
        HANDED_OVER.append(self.kept)
        self.texts: list[bytes | None] = [b"a.b.c", None, b"a text that is longer than a view", b""]
        self.chunks = 1
        self.error: tuple[int, bytes | None] | None = None

    # -- the structs

    def fill_schema(self, out: Any) -> None:
        self.made["schema"] += 1
        release = RELEASE_SCHEMA(lambda given: self._release(given, "schema"))
        child = None
        if self.changes.get("nested"):
            child = Schema(format=self.format, name=b"token")
            children: Any = (ctypes.POINTER(Schema) * 1)(ctypes.pointer(child))
            missing = self.changes["nested"].get("missing")
            if missing == "format":
                child.format = None
            elif missing == "schema":
                children[0] = ctypes.POINTER(Schema)()
            elif missing == "schemas":
                children = None
            made = Schema(format=b"+s", name=b"", n_children=1, children=children, release=release)
            self.kept.append(children)
        else:
            made = Schema(format=self.format, name=b"", release=release)
        if self.changes.get("dictionary"):
            made.dictionary = ctypes.pointer(Schema(format=b"u"))
        self.kept += [release, child, made]
        ctypes.memmove(ctypes.addressof(out), ctypes.addressof(made), ctypes.sizeof(Schema))

    def buffers(self) -> list[bytes | None]:
        """Of the texts in this format: what the changes replace is put in by number."""
        validity = bits([text is not None for text in self.texts])
        data = b"".join(text or b"" for text in self.texts)
        made: list[bytes | None]
        if self.format in (b"vu", b"vz"):
            blocks = [bytearray(b"##"), bytearray()]
            made = [validity, views(self.texts, blocks), *map(bytes, blocks)]
            made.append(struct.pack(f"={len(blocks)}q", *map(len, blocks)))
        elif self.format in (b"U", b"Z"):
            made = [validity, offsets(self.texts, "q"), data]
        else:
            made = [validity, offsets(self.texts, "i"), data]
        for place, buffer in self.changes.get("buffers", {}).items():
            made[place] = buffer
        return made

    def fill_array(self, out: Any) -> None:
        self.made["array"] += 1
        release = RELEASE_ARRAY(lambda given: self._release(given, "array"))
        held = [
            None if one is None else ctypes.create_string_buffer(one, len(one) + 8) for one in self.buffers()
        ]
        pointers = (ctypes.c_void_p * len(held))(*(None if b is None else ctypes.addressof(b) for b in held))
        made = Array(
            length=self.changes.get("length", len(self.texts)),
            null_count=self.changes.get("null_count", -1),
            offset=self.changes.get("offset", 0),
            n_buffers=self.changes.get("n_buffers", len(held)),
            buffers=pointers,
        )
        self.kept += [release, held, pointers]
        if self.changes.get("nested"):
            around = self.changes["nested"]
            children: Any = (ctypes.POINTER(Array) * 1)(ctypes.pointer(made))
            if around.get("missing") == "array":
                children[0] = ctypes.POINTER(Array)()
            elif around.get("missing") == "arrays":
                children = None
            validity = around.get("validity")
            outer = ctypes.create_string_buffer(validity, len(validity)) if validity is not None else None
            none = (ctypes.c_void_p * 1)(None if outer is None else ctypes.addressof(outer))
            self.kept += [made, children, outer, none]
            made = Array(
                length=around.get("length", made.length),
                null_count=-1,
                offset=around.get("offset", 0),
                n_buffers=1,
                n_children=around.get("n_children", 1),
                buffers=none,
                children=children,
            )
        made.release = release
        self.kept.append(made)
        ctypes.memmove(ctypes.addressof(out), ctypes.addressof(made), ctypes.sizeof(Array))

    def _release(self, given: Any, kind: str) -> None:
        self.released[kind] += 1
        # As the interface has it: what is released says so.
        given.contents.release = type(given.contents.release)()

    # -- what a consumer calls

    def array(self) -> tuple[Any, Any]:
        schema, array = Schema(), Array()
        self.kept += [schema, array]
        self.fill_schema(schema)
        self.fill_array(array)
        return (
            new_capsule(ctypes.addressof(schema), b"arrow_schema", None),
            new_capsule(ctypes.addressof(array), b"arrow_array", None),
        )

    def stream(self) -> Any:
        left = self.chunks

        def get_schema(_: Any, out: Any) -> int:
            if self.error is not None and left == 0:
                return self.error[0]
            self.fill_schema(out.contents)
            return 0

        def get_next(_: Any, out: Any) -> int:
            nonlocal left
            if left:
                left -= 1
                self.fill_array(out.contents)
            elif self.error is not None:
                return self.error[0]
            else:
                out.contents.release = RELEASE_ARRAY()
            return 0

        def get_last_error(_: Any) -> int | None:
            if self.error is None or self.error[1] is None:
                return None
            said = ctypes.create_string_buffer(self.error[1])
            self.kept.append(said)
            return ctypes.addressof(said)

        self.made["stream"] += 1
        made = Stream(
            get_schema=GET_SCHEMA(get_schema),
            get_next=GET_NEXT(get_next),
            get_last_error=GET_LAST_ERROR(get_last_error),
            release=RELEASE_STREAM(lambda given: self._release(given, "stream")),
        )
        self.kept.append(made)
        return new_capsule(ctypes.addressof(made), b"arrow_array_stream", None)


class ArrayProducer(Producer):
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        return self.array()


class StreamProducer(Producer):
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.stream()
