"""Types that the requests and answers of cases share: numbers, slugs, digests, steps."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from tongban.apps.cases.services import MOST_BYTES
from tongban.infra.api import Value
from tongban.kernel.workdays import SPECIAL_PROCEDURES

Number = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{8}-[2-9A-HJ-NP-Z]{10}$"), Field(title="办件编号")
]
OptionalSlug = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{0,59})?$")]
DraftNumber = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{20}$"), Field(title="草稿编号")]
# a wish, which may be empty
Key = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9_-]*$")]
After = Annotated[
    str, StringConstraints(max_length=40, pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]{1,18})?$")
]
Step = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_./-]{0,99}$")]
FactName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}\.[a-z][a-z0-9_]{0,60}$")
]
# a fact or the code of a material
Point = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,99}$")]
Output = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^(sha-256|sm3):[0-9a-f]{64}$")]
Procedure = Literal[
    "hearing", "tender", "auction", "inspection", "test", "quarantine", "appraisal", "expert-review"
]
if set(Procedure.__args__) != set(SPECIAL_PROCEDURES):  # type: ignore[attr-defined]
    raise TypeError("Procedure must name exactly the kernel's special procedures")
BASE64 = MOST_BYTES * 4 // 3 + 4


def example(shown: JsonDict) -> ConfigDict:
    """Show an example on the OpenAPI page; schemathesis sends it too."""
    return ConfigDict(json_schema_extra={"examples": [shown]})


Answers = Annotated[dict[FactName, Value], Field(max_length=300)]
