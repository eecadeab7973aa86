"""The sample bank 样例银行: a real process that stands where a city's own bank would stand.

For demonstrations and tests: it keeps payments in its own store, shows the payer a page, signs what
it says, and can be told to make the faults that real banks make. No money moves; it imports nothing
of the platform.
"""
