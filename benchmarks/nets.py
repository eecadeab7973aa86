"""A case step (decode, fire, encode) beside SpiffWorkflow with its stock serializer.

Six departments as called flows, each with a reminder; fourteen human steps a case; no form data
and no transaction on either side. Also what the proof at publication costs, which no peer has.
"""

import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.common import Row
from benchmarks.peers import ask_peer, peer_python
from tongban.kernel.nets import (
    Net,
    compile_net,
    decode,
    enabled,
    encode,
    fire,
    outcome,
    prove,
    read_bpmn,
    settle,
    start,
)

HERE = Path(__file__).parent
SEVEN = HERE.parent / "tests" / "kernel" / "flows" / "seven.bpmn"
SIX, DEPARTMENT = HERE / "flows" / "six.bpmn", HERE / "flows" / "department.bpmn"
CASES, PEER_CASES = 400, 12


def _net(path: Path, **called: Net) -> Net:
    return compile_net(read_bpmn(path.read_bytes(), path.name), called)


def _ours(net: Net) -> tuple[list[float], list[int]]:
    """Play cases step by step; give CPU seconds a step and bytes of state after each."""
    seconds, sizes = [], []
    begun_with = encode(settle(net, start(net), {}).marking)
    for _ in range(CASES):
        state = begun_with
        begun, count = time.process_time(), 0
        while True:
            marking = decode(net, state)
            offered = [step for step in enabled(net, marking) if step.kind == "user"]
            if not offered:
                break
            state = encode(fire(net, marking, offered[0].id, {}).marking)
            sizes.append(len(state))
            count += 1
        seconds.append((time.process_time() - begun) / count)
        assert outcome(net, marking)
    return seconds, sizes


def peer_steps() -> dict[str, Any]:
    """Let SpiffWorkflow play the six departments; CPU seconds and bytes of state a step."""
    question = {
        "process": "six",
        "files": [path.read_text(encoding="utf-8") for path in (SIX, DEPARTMENT)],
        "cases": PEER_CASES,
    }
    python = peer_python("spiff", ["SpiffWorkflow==3.2.0"])
    found: dict[str, Any] = ask_peer(python, "spiff_case.py", question)
    return found


def run() -> list[Row]:
    """Measure the case step against SpiffWorkflow, and the proof of a large flow."""
    seconds, sizes = _ours(_net(SIX, department=_net(DEPARTMENT)))
    peer = peer_steps()
    begun = time.process_time()
    proof = prove(_net(SEVEN))
    proving = time.process_time() - begun
    note = "six called departments, 14 steps, no form data, no transaction"
    name = f"SpiffWorkflow {peer['version']}"
    return [
        Row("case step, CPU", median(seconds), median(peer["seconds"]), name, "s", "less", note),
        Row("case step, largest state", max(sizes), max(peer["bytes"]), name, "B", "less", note),
        Row(
            "proof of seven items with reminders",
            proving,
            5.0,
            "own limit",
            "s",
            "less",
            f"{proof.states} states in the reduced net",
        ),
    ]
