"""Keys that change while threads verify, and what is kept of those that went."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any

import cyjwt
from tests.batch.agreement import refusal
from tests.batch.live_keys import OF, UNKNOWN, A, B, C, code, verifier
from tests.live_support import Source

# -- threads


def test_threads_while_keys_are_swapped() -> None:
    """Fifty threads over sets that come and go: a token's verdict is always that of one of them."""
    sets = [cyjwt.KeySet([A.public(), B.public()]), cyjwt.KeySet([B.public(), A.public(), C.public()])]
    source = Source(A.public())
    source.snapshot = sets[0]
    made, wrong, stop = verifier(source), [], threading.Event()
    forged = OF["a"][:-5] + "AAAAA"

    def work() -> None:
        while not stop.is_set():
            if code(made, OF["a"]) or code(made, OF["b"]) or code(made, forged) != "invalid_signature":
                wrong.append("single")
            if code(made, OF["c"]) not in (None, "key_not_found"):
                wrong.append("c")
            if made.verify_batch([OF["b"], forged, OF["a"]], claims=False).counts()["valid"] != 2:
                wrong.append("batch")

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for n in range(300):
        source.snapshot = cyjwt.KeySet(sets[n % 2])
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_keys_that_come_while_a_kid_is_about_to_be_asked_for() -> None:
    """They are tried first, and the kid is asked for after all if they do not bring it."""

    class Busy(Source):
        def _missing(self, kid: str | None, /) -> bool:
            # Another thread's keys, told of as if they were the answer.
            if not self.asked:
                self.publish(A.public(), B.public())
            return super()._missing(kid)

    source = Busy(A.public(), store=(C.public(),))
    assert verifier(source).verify_batch([OF["b"], OF["c"], OF["a"]]).counts() == {"valid": 3}
    assert source.asked == ["b", "c"]


def test_keys_that_come_while_a_token_is_verified_are_tried_first() -> None:
    source = Source(A.public(), store=(B.public(), C.public()))
    swaps = [(A.public(),), (A.public(), B.public())]

    class Swapping(cyjwt.KeySet):
        """A set whose look at its keys brings other keys."""

        __slots__ = ()

        def __iter__(self) -> Any:
            if swaps:
                source.publish(*swaps.pop())
            return super().__iter__()

    source.snapshot = Swapping([C.public()])
    made = verifier(source)
    # By the time that the first set was compiled there was another, and then one more.
    assert code(made, OF["c"]) is None
    source.snapshot = Swapping([A.public()])
    swaps[:] = [(A.public(), B.public())]
    assert code(made, OF["b"]) is None
    assert source.asked == []


def test_threads_of_a_batch_wait_for_the_key_that_one_asks_for() -> None:
    source = Source(A.public(), store=(B.public(),))
    source.gate.clear()
    made, done = verifier(source), []
    thread = threading.Thread(
        target=lambda: done.append(made.verify_batch([OF["a"], OF["b"]] * 2000, threads=4, claims=False))
    )
    thread.start()
    while not source.asked:
        pass
    # Whoever needs no key goes on meanwhile.
    assert code(made, OF["a"]) is None
    source.gate.set()
    thread.join()
    assert done[0].counts() == {"valid": 4000}
    assert source.asked == ["b"]


# -- memory


def test_old_keys_are_let_go_of() -> None:
    source = Source(A.public())
    made = verifier(source)
    made.verify(OF["a"])
    old = weakref.ref(source.snapshot)
    source.publish(B.public())
    made.verify_batch([OF["b"]])
    gc.collect()
    assert old() is None
    gone = weakref.ref(source)
    del source, made
    gc.collect()
    assert gone() is None


def test_nothing_is_kept() -> None:
    source = Source(A.public())
    made = verifier(source)

    def rounds(count: int) -> None:
        for _ in range(count):
            source.publish(A.public())
            for one in (OF["a"], UNKNOWN, OF["s"]):
                code(made, one)
            for claims in (True, False, ["sub"]):
                source.publish(A.public())
                list(map(refusal, made.verify_batch([UNKNOWN, OF["s"]], claims=claims)))  # type: ignore[arg-type]
            source.asked.clear()

    rounds(30)
    gc.collect()
    before = sys.getallocatedblocks()
    rounds(100)
    gc.collect()
    assert sys.getallocatedblocks() - before < 80
