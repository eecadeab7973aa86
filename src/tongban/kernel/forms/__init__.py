"""Forms and the data plan (表单与数据计划): what an item needs, who supplies it, what is asked.

The form is computed, never drawn: `plan` takes away from the needed facts what owners can supply
under a grant, over all branches of a life event. Refuses to ask a fact twice or for nothing.
"""

from tongban.kernel.forms.answers import read_answers
from tongban.kernel.forms.planning import BranchUnknown, alone, plan, wanted
from tongban.kernel.forms.search import PlanTooTangled
from tongban.kernel.forms.words import (
    Branch,
    Call,
    ConsentLine,
    DataPlan,
    Field,
    FieldSpec,
    Grant,
    Ground,
    ItemNeeds,
    LegalBasis,
    Material,
    MaterialSpec,
    Origin,
    Resource,
    Unmet,
    Use,
)

__all__ = [
    "Branch",
    "BranchUnknown",
    "Call",
    "ConsentLine",
    "DataPlan",
    "Field",
    "FieldSpec",
    "Grant",
    "Ground",
    "ItemNeeds",
    "LegalBasis",
    "Material",
    "MaterialSpec",
    "Origin",
    "PlanTooTangled",
    "Resource",
    "Unmet",
    "Use",
    "alone",
    "plan",
    "read_answers",
    "wanted",
]
