"""The page that shows every component in every state (/styleguide), for designers and tests."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tongban.infra import clock

from .components import Field, Option, gather
from .pages import language, page, subject_of

_ADDRESS = "sg-address"


def _fields(lang: str, chosen: str) -> list[Field]:
    zh = lang == "zh"
    yes_no = (Option("true", "是" if zh else "Yes"), Option("false", "否" if zh else "No"))
    channels = (
        Option("card", "存入社会保障卡" if zh else "Social security card"),
        Option("bank", "存入本人银行卡" if zh else "Bank card"),
        Option("office", "到社区领取" if zh else "At the community office"),
    )

    def say(chinese: str, english: str) -> str:
        return chinese if zh else english

    department = say("安和市公安局", "Anhe public security bureau")
    return [
        Field("sg-text", say("姓名", "Name"), hint=say("与身份证上的姓名一致", "As on your card")),
        Field(
            "sg-source",
            say("户籍地址", "Registered address"),
            value=say("安和市平湖路 1 号", "1 Pinghu Road"),
            source=department,
            doubt="#f-sg-source",
        ),
        Field("sg-number", say("子女人数", "Children"), "number", optional=True),
        Field("sg-money", say("注册资本", "Registered capital"), "money", value="500000.00"),
        Field(
            "sg-date",
            say("出生日期", "Date of birth"),
            "date",
            value="1950-02-29",
            error=say("2 月没有 29 日（1950 年）", "February 1950 had no 29th"),
        ),
        Field(
            "sg-choice", say("领取方式", "How to pay out"), "choice", options=channels, value="card"
        ),
        Field("sg-yes", say("是否已婚", "Married"), "choice", options=yes_no),
        Field(
            "sg-checks",
            say("要办的事项", "What to apply for"),
            "checks",
            options=channels,
            values=frozenset({"card", "bank"}),
        ),
        Field("sg-select", say("银行", "Bank"), "select", options=channels),
        Field(
            "sg-identity",
            say("公民身份号码", "Identity number"),
            "identity",
            hint=say("18 位，最后一位可以是 X", "18 characters; the last one may be X"),
            error=say("请逐位核对", "check each digit"),
        ),
        Field("sg-phone", say("手机号码", "Mobile"), "phone", autocomplete="tel"),
        Field(
            "sg-file",
            say("上传材料", "Upload"),
            "file",
            hint=say("PDF、PNG 或 JPEG，不超过 2 MB", "PDF, PNG or JPEG, at most 2 MB"),
        ),
        Field("sg-long", say("情况说明", "Statement"), "long"),
        Field(
            _ADDRESS,
            say("所在地区", "Division"),
            "address",
            value=chosen or "330100",
        ),
        Field(
            "sg-check", say("我同意核对我的年龄和户籍", "I agree to my age being checked"), "check"
        ),
    ]


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show all components."""
    lang, now = language(request), clock.now()
    zh = lang == "zh"

    def say(chinese: str, english: str) -> str:
        return chinese if zh else english

    department = say("安和市公安局", "Anhe public security bureau")
    shown: dict[str, Any] = {
        "subject": subject_of(request),
        "fields": _fields(lang, gather([Field(_ADDRESS, "", "address")], request.GET)[_ADDRESS]),
        "names": [
            say(*two)
            for two in (
                ("填信息", "Answers"),
                ("交材料", "Documents"),
                ("同意", "Consent"),
                ("核对", "Check"),
            )
        ],
        "facts": [
            {"label": say("申请编号", "Number"), "shown": "20261126-ABCDEFGHJK"},
            {
                "label": say("户籍", "Household"),
                "shown": say("本市", "this city"),
                "source": department,
                "as_of": "2026-11-26",
                "doubt": "#facts",
            },
        ],
        "tasks": [
            {
                "name": say("填写信息", "Your answers"),
                "url": "#tasks",
                "tone": "done",
                "state": say("已完成", "Done"),
            },
            {
                "name": say("上传材料", "Documents"),
                "url": "#tasks",
                "tone": "wait",
                "state": say("待完成", "To do"),
                "hint": say("1 份", "1 file"),
            },
            {"name": say("提交", "Send"), "tone": "quiet", "state": say("尚不能开始", "Not yet")},
        ],
        "events": [
            {"at": now, "words": say("已受理", "Accepted"), "who": department, "tone": "done"},
            {
                "at": now - timedelta(hours=2),
                "words": say("已提交", "Sent"),
                "mark": "#1 3f6a9c0b17d2",
            },
        ],
        "lines": [
            {
                "department": department,
                "basis": "statutory",
                "facts": [say("年龄", "age")],
                "purpose": say("高龄津贴", "old-age allowance"),
                "until": "2026-12-31",
                "law": say("老年人权益保障法 第三十三条", "Law on the elderly, art. 33"),
            },
            {
                "department": say("安和市人力资源和社会保障局", "Human resources bureau"),
                "basis": "consent",
                "facts": [say("社会保障卡账户", "card account")],
                "purpose": say("发放", "payment"),
                "until": "2026-12-31",
                "law": say("个人信息保护法 第十三条", "PIPL, art. 13"),
            },
        ],
        "columns": [say("部门", "Department"), say("办件", "Cases"), say("按时率", "On time")],
        "rows": [[department, 120, "98 %"], [say("安和市民政局", "Civil affairs"), 64, "95 %"]],
        "tabs": [
            ("#tabs", "std", say("标准", "Standard")),
            ("#tabs-2", "two", say("长辈", "Elder")),
        ],
        "bars": [
            (say("公安", "Police"), 120.0),
            (say("民政", "Civil"), 64.0),
            (say("医保", "Health"), 31.0),
        ],
        "map": [
            {"name": say("城东", "East"), "shown": "31", "tone": 1, "url": "#map"},
            {"name": say("城西", "West"), "shown": "64", "tone": 2, "url": "#map"},
            {"name": say("城南", "South"), "shown": "120", "tone": 4, "url": "#map"},
            {"name": say("城北", "North"), "shown": "0", "tone": 0, "url": "#map"},
        ],
        "tiles": [
            {"name": say("新生儿一件事", "A child is born"), "url": "#tiles", "icon": "baby"},
            {
                "name": say("企业开办", "Start a company"),
                "url": "#tiles",
                "icon": "company",
                "hint": say("平均 0.5 天", "half a day"),
            },
        ],
    }
    return page(request, "styleguide", shown)
