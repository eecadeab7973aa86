"""Where a process meets its machine, for processes that share nothing else: clock and files."""
