"""Every figure beside its peer, taken in one run: ``python -m benchmarks [ONLY]``."""
