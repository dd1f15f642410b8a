"""Benchmarks of cyjwt, and the pure-Python baseline that they and the tests measure it by.

``python -m bench`` measures every case, the contenders by turns. ``--peers`` adds the other libraries, ``--quick``
measures the two dozen cases of the README, ``--only PATTERN`` picks cases by name, ``--output FILE`` keeps pyperf's
figures, ``--report FOLDER`` writes tables and plots besides, and ``--show FILE`` shows figures again.
``python -m bench.regressions OLD NEW`` compares two files of them, ``python -m bench.instructions`` counts the
instructions of the hot path.
"""
