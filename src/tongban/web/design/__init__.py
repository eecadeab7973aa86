"""The designer (事项设计器): pages on which publishers change the files of region packs.

Every page is a view of a draft of the workshop; none knows more of an item than its file says.
"""
