"""What a case is and what happens next in it: frozen state, a pure fold and a pure engine.

A case (办件) is one submission for one life event; each service item in it is a branch with its
own flow, its own two clocks and its own outcome. Nothing here reads a table, a clock or a network.
"""
