"""The observatory of the field 观测图谱: what is quoted, what is measured here, what cannot be.

Its data is a folder of files with schemas, so that an analyst adds a case, a figure or a check
without code.
"""
