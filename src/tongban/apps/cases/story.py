"""Tell the demonstration so that a person who is no engineer understands it.

Only words and layout: every figure comes from ``demo.report``. Chinese is the source language,
English is complete.
"""

from collections.abc import Iterator, Mapping, Sequence

from tongban.kernel.facts import Words

from .domain.state import Json

WORDS: Mapping[str, Words] = {
    "title": Words("一件事一次办：{name}", "One life event, one submission: {name}"),
    "case": Words("办件编号 {case}", "case {case}"),
    "asked": Words("一、只问了 {n} 项", "1. What was asked: {n} answers"),
    "fetched": Words(
        "二、向 {d} 个部门调取了 {n} 项，无需填写",
        "2. What was fetched: {n} facts from {d} departments, none of them typed",
    ),
    "branches": Words("三、{n} 个事项的办理结果", "3. What became of the {n} items"),
    "rule": Words("规则即时决定", "decided by rule, at once"),
    "person": Words("人工决定", "decided by a person"),
    "after": Words("前序：{items}", "after: {items}"),
    "reason": Words("理由：{text}", "reason: {text}"),
    "licence": Words("电子证照：{text}", "electronic licence: {text}"),
    "fee": Words(
        "缴费：{name} {yuan} 元，{state}，电子票据 {receipt}",
        "fee: {name} {yuan} yuan, {state}, receipt {receipt}",
    ),
    "clock": Words("承诺 {n} 个工作日；{words}", "promised in {n} working day(s); {words}"),
    "waiting": Words("等待：{text}", "waiting for: {text}"),
    "materials": Words(
        "四、材料：应交 {total} 份，免交 {waived} 份，上传 {sent} 份",
        "4. Documents: {total} required, {waived} not asked for, {sent} uploaded",
    ),
    "spared": Words("免交：{text}", "not asked for: {text}"),
    "compare": Words(
        "五、办理前后对比（由事项定义计算）", "5. Before and after, from the definitions"
    ),
    "row": Words("{label}：{before} → {after}", "{label}: {before} → {after}"),
    "links": Words("环节", "separate submissions and hand-overs"),
    "days": Words("工作日", "working days"),
    "visits": Words("跑动次数", "visits in person"),
    "repeated_documents": Words("重复提交的材料", "documents handed in more than once"),
    "quoted": Words(
        "引用值（非本系统测得）：{text}",
        "quoted, not measured here: {text}",
    ),
    "evidence": Words(
        "六、留痕：{events} 条，{calls} 次调取，链条校验{ok}",
        "6. Trail: {events} events, {calls} calls to sources, chain {ok}",
    ),
    "leaves": Words("存证：日志共 {n} 片叶子；{by}", "evidence: {n} leaves in the log; {by}"),
    "witnessed": Words("见证人：{text}", "witnessed by {text}"),
    "unwitnessed": Words(
        "未经见证（单进程演示没有见证人）", "not witnessed (one process has no witnesses)"
    ),
    "ok": Words("通过", "verified"),
    "broken": Words("不通过", "BROKEN"),
    "time": Words(
        "用时 {auto} 秒（无人工部分）；规则独立决定 {share} %；跑动 {visits} 次",
        "{auto} s without people; {share} % decided by rules alone; {visits} visits",
    ),
    "people": Words(
        "其中 {n} 步由样例城市的工作人员代为办理",
        "{n} steps were done by officials of the sample city",
    ),
    "next": Words("接下来可以试：", "Try next:"),
}
NEXT = (
    ("tongban demo --life-event enterprise-start", Words("企业开办", "starting a company")),
    ("tongban outreach run old-age-allowance", Words("高龄津贴免申即享", "an allowance unasked")),
    ("tongban case show {case}", Words("查看此办件的留痕", "the trail of this case")),
    (
        "tongban evidence bundle {case} -o case.zip",
        Words("打成可离线校验的存证包", "its evidence, to be checked offline"),
    ),
    ("tongban evidence verify case.zip", Words("校验存证包", "check that evidence")),
    (
        "tongban exchange verify --log {log}",
        Words("核验每次调取的签名日志", "the signed log of every call"),
    ),
    ("tongban serve", Words("打开接口与时间线页面", "the API and the timeline page")),
)
_COMPARED = ("links", "days", "visits", "repeated_documents")


def tell(report: Mapping[str, Json], lang: str) -> Iterator[str]:
    """Give the lines of the story in ``lang`` (zh or en)."""

    def say(key: str, **parts: object) -> str:
        return WORDS[key].of(lang).format(**parts)

    yield say("title", name=report["name"])
    yield say("case", case=report["case"])
    yield ""
    yield say("asked", n=report["fields_asked"])
    for row in report["answers"]:
        yield f"   {row['label']}: {row['shown']}"
    yield ""
    yield say("fetched", n=report["fields_fetched"], d=len(report["sources"]))
    for source in report["sources"]:
        yield f"   {source['department']}: {_list(source['facts'], lang)}"
    yield ""
    yield say("branches", n=len(report["branches"]))
    for branch in report["branches"]:
        yield from _branch(branch, report["branches"], lang)
    for fee in report["fees"]:
        yield "   " + say(
            "fee",
            name=fee["name"],
            yuan=f"{fee['amount_fen'] // 100}.{fee['amount_fen'] % 100:02d}",
            state=fee["state_words"],
            receipt=_list([r["number"] for r in fee["receipts"]], lang),
        )
    yield ""
    yield say(
        "materials",
        total=report["materials_total"],
        waived=report["materials_waived"],
        sent=report["materials_uploaded"],
    )
    if spared := report["materials_not_asked"]:
        yield "   " + say("spared", text=_list(spared, lang))
    yield ""
    yield from _comparison(report["before_after"], lang)
    yield ""
    ok = WORDS["ok" if report["chain_ok"] else "broken"].of(lang)
    yield say("evidence", events=report["events"], calls=report["calls"], ok=ok)
    by = "witnessed" if report["witnesses"] else "unwitnessed"
    yield "   " + say(
        "leaves", n=report["leaves"], by=say(by, text=_list(report["witnesses"], lang))
    )
    yield "   " + say(
        "time",
        auto=report["automatic_s"],
        share=round(100 * report["unattended_share"]),
        visits=report["visits"],
    )
    if people := report["decisions_by_people"]:
        yield "   " + say("people", n=people)
    yield ""
    yield say("next")
    for command, words in NEXT:
        if report["log"] or "{log}" not in command:  # none where another node makes the calls
            yield f"   {command.format_map(report):<48} {words.of(lang)}"


def _list(parts: Sequence[str], lang: str) -> str:
    return (", " if lang == "en" else "、").join(parts)


def _branch(
    branch: Mapping[str, Json], every: Sequence[Mapping[str, Json]], lang: str
) -> Iterator[str]:
    def say(key: str, **parts: object) -> str:
        return "     " + WORDS[key].of(lang).format(**parts)

    mark = {"granted": "✓", "refused": "✗"}.get(branch["state"], "…")
    by = WORDS[branch["decided_by"]].of(lang) if branch["decided_by"] else ""
    parts = [branch["name"], branch["department"], branch["state_words"], by]
    yield f"   {mark} " + " · ".join(p for p in parts if p)
    if branch["started_after"]:
        names = {b["item"]: b["name"] for b in every}
        yield say("after", items=_list([names[i] for i in branch["started_after"]], lang))
    for reason in dict.fromkeys(branch["reasons"]):  # of two who agree, one sentence
        yield say("reason", text=reason)
    if branch["licence"]:
        yield say("licence", text=branch["licence"])
    if branch["clock"]:
        yield say("clock", n=branch["promised_days"], words=branch["clock"]["words"])
    if branch["waiting_for"]:
        yield say("waiting", text=_list(branch["waiting_for"], lang))


def _comparison(compared: Mapping[str, Json], lang: str) -> Iterator[str]:
    yield WORDS["compare"].of(lang)
    before, after = compared["before"], compared["after"]
    for key in _COMPARED:
        label = WORDS[key].of(lang)
        row = WORDS["row"].of(lang)
        yield "   " + row.format(label=label, before=before[key], after=after[key])
    if quoted := compared["quoted"]:
        figures = [
            WORDS["row"]
            .of(lang)
            .format(
                label=WORDS[key].of(lang),
                before=quoted[key],
                after=quoted.get(f"{key}_after", "?"),
            )
            for key in ("links", "days")
            if key in quoted
        ]
        source = quoted["source"].split(" / ")
        told = [_list(figures, lang), source[-1] if lang == "en" else source[0]]
        yield "   " + WORDS["quoted"].of(lang).format(text="; ".join(told))
