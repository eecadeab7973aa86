"""The API of cases: submit, track, correct, decide, withdraw (申请、查询、补正、审批、撤回).

Mounted by ``config.api``. Every answer that can come is named in the OpenAPI page; nothing is
decided here: each operation calls one verb of ``services`` and shows the case as it then stands.
"""

from . import acts, desk, drafts, inbox, reads
from .common import router

__all__ = ["acts", "desk", "drafts", "inbox", "reads", "router"]
