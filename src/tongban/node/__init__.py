"""The exchange's node (交换节点): a lean process beside a department that signs, judges and logs.

Stands on the kernel alone: no Django, no app. It goes on when the control plane does not.
"""
