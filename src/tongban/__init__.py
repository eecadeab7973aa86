"""Tongban (通办): an open backbone for digital government."""
