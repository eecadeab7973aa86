"""Evidence 存证: every fact of the trail as a leaf of a log that independent witnesses cosign.

What people look for as 区块链存证 or 可信身份链: nobody can change afterwards what was recorded,
and anybody can check it without trusting whoever keeps it.
"""
