"""Benchmarks of cyjwt, and the pure-Python baseline that they and the tests measure it by.

``python -m bench`` runs them all, each in processes of its own. ``--peers`` adds the other libraries,
``--only PATTERN`` picks cases by name, ``--fast`` spends less time, ``--output FILE`` keeps pyperf's
figures and ``--table FILE`` shows them again. ``--headline`` measures a dozen cases, the contenders
by turns, and prints them as Markdown.
"""
