"""Programs that tests of faults start are not tests."""

collect_ignore = [
    "_apply_many.py",
    "_log_many.py",
    "_pay_and_die.py",
    "_send_drafts.py",
    "_tell_people.py",
]
