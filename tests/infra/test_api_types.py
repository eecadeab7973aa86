"""What the API takes for a reason: something that can be read, in words that say what is amiss."""

from typing import Any

import pytest

from testkit.callers import caller, refused
from testkit.office import Office

BLANKS = " \u3000\n "


@pytest.mark.parametrize("reason", [" ", "\u3000", BLANKS, "\n\n"])
def test_blanks_are_no_reason(office: Office, reason: str) -> None:
    provider = caller(office.official("civil-affairs", "approver"))
    before = provider.get("/exchange/grants")[1]
    end = f"/exchange/grants/{before[0]['id']}/end"
    fields = refused(provider.post(end, {"reason": reason}), 422, "request_invalid")
    (said,) = fields.values()
    assert said == {
        "zh": "请写明理由，不能只有空格",
        "en": "say why: nothing but blanks is written here",
    }
    assert provider.get("/exchange/grants")[1] == before
    assert provider.post(end, {"reason": f"{reason}业务终止"}) == (204, None)


def test_no_licence_is_suspended_on_blanks(office: Office) -> None:
    office.submit()
    mother, police = (
        caller(office.applicant("newborn")),
        caller(office.official("police", "approver")),
    )
    mine = [one for one in mother.get("/licences")[1] if "公安" in one["department"]["zh"]]
    here = f"/licences/{mine[0]['identifier']}"
    whole: dict[str, Any] = {"act": "suspend", "legal_basis": "户口登记条例", "reason": "核查"}
    for field in ("legal_basis", "reason"):
        answer = police.post(f"{here}/orders", whole | {field: BLANKS})
        (place,) = refused(answer, 422, "request_invalid")
        assert field in place
    assert mother.get(here)[1]["state"] == "valid"
    assert police.post(f"{here}/orders", whole)[1]["state"] == "suspended"
