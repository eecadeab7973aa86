"""The peer of `nets`: SpiffWorkflow with its stock serializer, run in an environment of its own.

Takes the files of a flow and a number of cases, gives CPU seconds and bytes of state of every step.
"""

import json
import sys
import time

import SpiffWorkflow.version
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.defaults import UserTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState


def main(process: str, files: list[str], cases: int) -> None:
    parser = BpmnParser()
    for text in files:
        # Its stock engine takes a duration as a Python expression: a quoted string.
        parser.add_bpmn_str(text.replace("P5D", "'P5D'").encode())
    spec, inner = parser.get_spec(process), parser.get_subprocess_specs(process)
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
    question = json.load(sys.stdin)
    main(question["process"], question["files"], question["cases"])
