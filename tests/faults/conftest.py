"""Programs that tests of faults start are not tests."""

collect_ignore_glob = ["_*.py"]
