"""Benchmarks of cyjwt, and the pure-Python baseline that they and the tests measure it by.

``python -m bench`` runs them; ``--peers`` adds the other libraries, ``--fast`` spends less time,
``--output FILE`` keeps pyperf's figures, ``--only TEXT`` picks cases by name.
"""
