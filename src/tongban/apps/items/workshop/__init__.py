"""The workshop (工作台): drafts that overlay the files of a region pack, and their publication.

A draft holds texts of files that differ from those in force, nothing else; it is judged by the very
checks of publication. What is published from here stays an overlay of the pack's folder.
"""
