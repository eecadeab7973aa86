"""Programs that tests start are not tests."""

collect_ignore = ["_apply_many.py"]
