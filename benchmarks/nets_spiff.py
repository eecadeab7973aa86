"""The peer of `nets`: SpiffWorkflow with its stock serializer, run in an environment of its own.

Prints CPU seconds and bytes of state of every step as JSON. It imports nothing of Tongban.
"""

import json
import sys
import time
from pathlib import Path

import SpiffWorkflow.version
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.defaults import UserTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

FLOWS = Path(__file__).with_name("flows")


def main(cases: int) -> None:
    parser = BpmnParser()
    for name in ("six.bpmn", "department.bpmn"):
        # Its stock engine takes a duration as a Python expression: a quoted string.
        text = (FLOWS / name).read_text(encoding="utf-8").replace("P5D", "'P5D'")
        parser.add_bpmn_str(text.encode())
    spec, inner = parser.get_spec("six"), parser.get_subprocess_specs("six")
    serializer = BpmnWorkflowSerializer()
    seconds, sizes = [], []
    for _ in range(cases):
        case = BpmnWorkflow(spec, inner)
        case.do_engine_steps()
        state = serializer.serialize_json(case)
        while True:
            begun = time.process_time()
            case = serializer.deserialize_json(state)
            tasks = case.get_tasks(state=TaskState.READY, spec_class=UserTask)
            if not tasks:
                break
            tasks[0].run()
            case.do_engine_steps()
            state = serializer.serialize_json(case)
            seconds.append(time.process_time() - begun)
            sizes.append(len(state.encode()))
        assert case.completed
    version = getattr(SpiffWorkflow.version, "__version__", "")
    sys.stdout.write(json.dumps({"seconds": seconds, "bytes": sizes, "version": version}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
