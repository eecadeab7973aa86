"""Flows 办事流程: drawn in BPMN, read into a workflow net, proved, then played case by case.

    flow = read_bpmn(file, "newborn.bpmn")     # the subset, or BpmnRefused with line and mend
    net = compile_net(flow, called)            # places and transitions as bits
    prove(net)                                 # always can finish, cleanly, without a dead step
    settled = settle(net, start(net), facts)   # gateways pass; unknown conditions ask
    settled = fire(net, settled.marking, "review", facts)

A net holds no work, no clock and no data of a case: what a step does is its caller's. Nothing is
published that was not proved, and script tasks are refused by name.
"""

from tongban.kernel.nets.bpmn import read_bpmn
from tongban.kernel.nets.compiling import compile_net
from tongban.kernel.nets.errors import (
    BpmnRefused,
    FlowError,
    FlowNotSound,
    FlowTooLarge,
    MarkingInvalid,
    MigrationRefused,
    NoBranch,
    NotEnabled,
)
from tongban.kernel.nets.flow import Arc, Flow, Node, Timer, read_duration
from tongban.kernel.nets.game import (
    Marking,
    Passed,
    Settled,
    decode,
    enabled,
    encode,
    fire,
    fold,
    outcome,
    settle,
    start,
)
from tongban.kernel.nets.gaps import Gap, gaps
from tongban.kernel.nets.migration import migrate
from tongban.kernel.nets.net import End, Net, Step, steps
from tongban.kernel.nets.proof import Proof, prove

__all__ = [
    "Arc",
    "BpmnRefused",
    "End",
    "Flow",
    "FlowError",
    "FlowNotSound",
    "FlowTooLarge",
    "Gap",
    "Marking",
    "MarkingInvalid",
    "MigrationRefused",
    "Net",
    "NoBranch",
    "Node",
    "NotEnabled",
    "Passed",
    "Proof",
    "Settled",
    "Step",
    "Timer",
    "compile_net",
    "decode",
    "enabled",
    "encode",
    "fire",
    "fold",
    "gaps",
    "migrate",
    "outcome",
    "prove",
    "read_bpmn",
    "read_duration",
    "settle",
    "start",
    "steps",
]
