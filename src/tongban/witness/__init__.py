"""A witness 见证人: an independent process that cosigns the checkpoints of logs which only grew.

Its own key, its own store, no Django and nothing of the platform: a court, a notary or an auditor
runs it on a machine of their own.
"""
