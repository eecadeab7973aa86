"""SpiffWorkflow as an oracle: it runs the same files, made readable for it, on the same facts.

The adapter sets the executable flag, reads every kind of work as a user task, loads called files,
reads a plain step with several flows out as a split, judges durations and S-FEEL itself instead of
Python, and fires timers by hand.
"""

from collections.abc import Iterable, Mapping

from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.parser.task_parsers import GatewayParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.defaults import UserTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from tongban.kernel.feel import Value, judge, parse_condition
from tongban.kernel.nets import read_duration
from tongban.kernel.nets.bpmn import BPMN, TONGBAN

_WORK = (
    "task", "manualTask", "serviceTask", "businessRuleTask", "receiveTask",
)  # fmt: skip
_LONG_AGO = "2000-01-01T00:00:00+00:00"


class Office(PythonScriptEngine):
    """Judges what the files say on the facts of the day; runs no Python."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: Mapping[str, Value] = {}

    def evaluate(self, task: Task, expression: str, external_context: object = None) -> object:
        if read_duration(expression.strip()) is not None:
            return expression.strip()
        verdict = judge(parse_condition(" ".join(expression.split())), self.facts)
        assert verdict.value is not None, f"unknown: {expression}"
        return verdict.value

    def execute(self, task: Task, script: str, external_context: object = None) -> bool:
        raise AssertionError("a script ran")


class Reader(BpmnParser):
    """Reads a step with several flows out of it as the parallel split that BPMN says it is."""

    OVERRIDE_PARSER_CLASSES = {f"{{{BPMN}}}userTask": (GatewayParser, UserTask)}


class Spiff:
    """One case of a flow in SpiffWorkflow."""

    def __init__(self, process: str, files: Iterable[bytes], facts: Mapping[str, Value]) -> None:
        parser = Reader()
        for file in files:
            parser.add_bpmn_xml(_readable(file))
        self.office = Office()
        self.office.facts = facts
        specs = parser.get_subprocess_specs(process)
        self.case = BpmnWorkflow(parser.get_spec(process), specs, script_engine=self.office)
        self.case.do_engine_steps()

    def enabled(self) -> list[str]:
        """Give the steps and timers that can happen now, as `call/step`, sorted."""
        return sorted(self._offers())

    def fire(self, step: str, facts: Mapping[str, Value]) -> None:
        self.office.facts = facts
        task = self._offers()[step]
        if task.state == TaskState.WAITING:
            task._set_internal_data(event_value=_LONG_AGO)
            task.task_spec._update(task)
        else:
            task.run()
        self.case.do_engine_steps()

    @property
    def done(self) -> bool:
        return bool(self.case.completed)

    def _offers(self) -> dict[str, Task]:
        offers: dict[str, Task] = {}
        for task in self.case.get_tasks(state=TaskState.READY | TaskState.WAITING):
            kind = type(task.task_spec).__name__
            ready = kind == "UserTask" and task.state == TaskState.READY
            timer = kind in {"BoundaryEvent", "IntermediateCatchEvent"}
            if ready or (timer and task.state == TaskState.WAITING):
                key = self._path(task)
                assert key not in offers, f"{key} is offered twice"
                offers[key] = task
        return offers

    def _path(self, task: Task) -> str:
        path = str(task.task_spec.bpmn_id)
        while task.workflow.parent_task_id is not None:
            task = self.case.get_task_from_id(task.workflow.parent_task_id)
            path = f"{task.task_spec.bpmn_id}/{path}"
        return path


def _readable(file: bytes) -> etree._Element:
    root = etree.fromstring(file)
    for process in root.iter(f"{{{BPMN}}}process"):
        process.set("isExecutable", "true")
    for kind in _WORK:
        for element in root.iter(f"{{{BPMN}}}{kind}"):
            element.tag = f"{{{BPMN}}}userTask"
    for definition in root.iter(f"{{{BPMN}}}messageEventDefinition"):
        event = definition.getparent()
        assert event is not None
        event.tag = f"{{{BPMN}}}userTask"
        event.remove(definition)
    for definition in root.iter(f"{{{BPMN}}}timerEventDefinition"):
        event = definition.getparent()
        assert event is not None
        days = event.get(f"{{{TONGBAN}}}workdays") or definition.get(f"{{{TONGBAN}}}workdays")
        if days:
            etree.SubElement(definition, f"{{{BPMN}}}timeDuration").text = f"P{days}D"
    return root
