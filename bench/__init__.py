"""Benchmarks of cyjwt, and the pure-Python baseline that they and the tests measure it by."""
