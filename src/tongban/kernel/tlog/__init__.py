"""The transparency log 透明日志 as C2SP writes it: notes, checkpoints, tiles, proofs, policies.

Pure functions over bytes; keys, times and salts are arguments. Suite std speaks exactly C2SP; suite
gm has private names that a std verifier refuses.
"""
