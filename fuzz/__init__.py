"""Coverage-guided fuzzing of everything that reads what strangers send, beside the oracle.

A target is a function of octets that returns where the engine and plain Python agree about them, and raises where
they do not: ``fuzz.targets`` names all of them. ``make fuzz`` drives them with libFuzzer, by atheris, over a build
whose C reports its edges and is checked by AddressSanitizer and UndefinedBehaviorSanitizer; the tests replay
``fuzz/corpus`` through the same functions, with nothing but pytest.
"""
