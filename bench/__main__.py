"""``python -m bench``: every case, each contender in processes of its own, and the ratios of one run."""

from __future__ import annotations

from bench import harness, kernels, tokens

if __name__ == "__main__":
    harness.run([*kernels.cases(), *tokens.cases()])
