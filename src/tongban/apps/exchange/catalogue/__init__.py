"""The registry of data resources (政务信息资源目录): register, search, hand on, take in.

Entered by `services` (verbs) and `queries` (reads); pages and commands use nothing else of it.
"""
