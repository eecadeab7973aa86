"""The words of the domain: pure functions on frozen data.

Nothing here knows Django, the network, files or the clock; keys, times and nonces are arguments.
"""
