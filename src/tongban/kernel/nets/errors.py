"""What can go wrong with a flow, in the words of its author: element, file, line and the mend."""


class FlowError(ValueError):
    """Anything a flow, its net or one of its markings is refused for."""


class BpmnRefused(FlowError):
    """The file uses something outside the subset; the message names element, id and file:line.

    `element` is the id of the element that is blamed, "" for the file, and `line` its line.
    """

    def __init__(self, message: str, *, element: str = "", line: int = 1) -> None:
        super().__init__(message)
        self.element = element
        self.line = line


class FlowNotSound(FlowError):
    """The proof failed. `kind` is "dead", "stuck", "left-over" or "twice"; `path` leads there.

    `node` is the id and `line` the line of the element that is blamed; `path` holds the names of
    the steps and the choices in the order in which they bring a case to the fault.
    """

    def __init__(
        self, message: str, *, kind: str, node: str, line: int, path: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.node = node
        self.line = line
        self.path = path


class FlowTooLarge(FlowError):
    """The proof met more states than the cap; the flow must be cut into called flows."""


class NotEnabled(FlowError):
    """The step is not offered in this marking: done already, not yet due, or of another flow."""


class NoBranch(FlowError):
    """A gateway has no branch to take although every fact is known."""


class MarkingInvalid(FlowError):
    """The bytes or the marking belong to another net, or to none."""


class MigrationRefused(FlowError):
    """The case cannot move to the new version and stays on its own; the message says why."""
