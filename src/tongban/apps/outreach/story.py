"""Tells what a run came to, for people and as JSON. Only words and layout; it counts nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .queries import Group, Person, Report

_WORDS: Mapping[str, Words] = {
    "title": Words("免申即享：{name}（{period}）", "Paid without applying: {name}, {period}"),
    "run": Words(
        "批次 {run}，政策第 {version} 版，年龄计算至 {day}",
        "run {run}, version {version} of the policy, ages as on {day}",
    ),
    "walked": Words(
        "一、查看了 {n} 人，没有一人提交申请", "1. Looked at {n} people; nobody had applied"
    ),
    "granted": Words("二、符合条件并已下达拨付：{n} 人", "2. Eligible, payment ordered: {n}"),
    "before": Words("此前本月已下达：{n} 人", "ordered earlier this month: {n}"),
    "excluded": Words("三、不符合条件：{n} 人", "3. Not eligible: {n}"),
    "unknown": Words(
        "四、待核实（既未拨付，也未排除）：{n} 人",
        "4. Unknown, neither paid nor refused: {n}",
    ),
    "stake": Words("（每人每月 {sum} 待发）", " ({sum} a month each is waiting)"),
    "examples": Words("五、示例（已脱敏）", "5. Examples, masked"),
    "total": Words("本次下达合计 {sum}", "Ordered now: {sum}"),
    "time": Words(
        "用时 {s:.1f} 秒，向部门批量查询 {calls} 次",
        "{s:.1f} s, {calls} batch calls to departments",
    ),
    "next": Words("接下来：", "Next:"),
    "list": Words(
        "逐人列出待核实问题：tongban outreach show {run} --list unknown",
        "list every question: tongban outreach show {run} --list unknown",
    ),
    "people": Words(
        "交给部门的核实名单（含身份证号，每次查看都会留痕）：tongban outreach people {run} "
        "--department {department}",
        "whom a department is asked about (identity numbers; the trail keeps who looked): "
        "tongban outreach people {run} --department {department}",
    ),
    "again": Words(
        "{department}补正数据后再次运行，只会补发这些人：tongban outreach run {policy} "
        "--period {period}",
        "once they have answered ({department}), run again; only these people are still paid: "
        "tongban outreach run {policy} --period {period}",
    ),
    "verify": Words(
        "校验留痕：tongban trail verify {run}", "verify the trail: tongban trail verify {run}"
    ),
    "cut": Words(
        "注意：本次运行没有走完。再次运行即可，已拨付的不会重复。",
        "Note: this run did not get to its end. Run it again; nobody is paid twice.",
    ),
    "problem": Words("原因：{problem}", "because: {problem}"),
    "one": Words("{n} 人", "{n} person"),
    "many": Words("{n} 人", "{n} people"),
}
_STATUS = {
    "granted": Words("拨付", "paid"),
    "ordered-before": Words("已拨付", "paid before"),
    "excluded": Words("不符合", "not eligible"),
    "unknown": Words("待核实", "unknown"),
}


def _say(key: str, lang: str, **given: object) -> str:
    return _WORDS[key].of(lang).format(**given)


def tell(found: Report, departments: Mapping[str, Words], lang: str) -> Iterator[str]:
    """Give the lines that tell a run; ``departments`` are their names by key."""
    day, period = found.period.day, found.period.key
    yield _say("title", lang, name=found.name.of(lang), period=period)
    yield _say("run", lang, run=found.run, version=found.version, day=day)
    yield ""
    yield _say("walked", lang, n=f"{found.people():,}")
    yield ""
    yield _say("granted", lang, n=f"{found.people('granted'):,}")
    for group in found.of("granted"):
        money = _fen(found, group.total_fen, lang)
        yield f"   {_count(group, lang)}  {group.said.of(lang)}  {money}"
    if before := found.people("ordered-before"):
        money = _fen(found, found.fen("ordered-before"), lang)
        yield f"   {_say('before', lang, n=f'{before:,}')}  {money}"
    yield ""
    yield _say("excluded", lang, n=f"{found.people('excluded'):,}")
    for group in found.of("excluded"):
        yield f"   {_count(group, lang)}  {group.said.of(lang)}"
    yield ""
    yield _say("unknown", lang, n=f"{found.people('unknown'):,}")
    for group in found.of("unknown"):
        at = _names(group.departments, departments, lang)
        stake = _say("stake", lang, sum=_fen(found, group.each_fen, lang)) if group.each_fen else ""
        yield f"   {_count(group, lang)}  [{at}] {group.said.of(lang)}{stake}"
    yield ""
    yield _say("examples", lang)
    for person in found.examples:
        yield "   " + _line(found, person, lang)
    yield ""
    yield from _end(found, departments, lang)


def _end(found: Report, departments: Mapping[str, Words], lang: str) -> Iterator[str]:
    granted = Figure(
        found.fen("granted"), "fen", found.finished or found.started, found.run, "measured"
    )
    yield _say("total", lang, sum=granted.full(lang))
    if found.elapsed_s is not None:
        yield _say("time", lang, s=found.elapsed_s, calls=found.calls)
    if found.finished is None or found.problem:
        yield _say("cut", lang)
    if found.problem:
        yield _say("problem", lang, problem=found.problem)
    yield _say("next", lang)
    asked = {key: None for group in found.of("unknown") for key in group.departments}
    given = {"run": found.run, "policy": found.policy, "period": found.period.key}
    if asked:
        yield "   " + _say("list", lang, **given)
        yield "   " + _say("people", lang, department=next(iter(asked)), **given)
        names = _names(tuple(asked), departments, lang)
        yield "   " + _say("again", lang, department=names, **given)
    yield "   " + _say("verify", lang, **given)


def _count(group: Group, lang: str) -> str:
    people = _say("one" if group.people == 1 else "many", lang, n=f"{group.people:,}")
    return people.rjust(10 if lang == "zh" else 14)


def _fen(found: Report, fen: int, lang: str) -> str:
    day = found.finished or found.started
    return Figure(fen, "fen", day, found.run, "measured").text(lang)


def _names(keys: tuple[str, ...], departments: Mapping[str, Words], lang: str) -> str:
    names = [departments[key].of(lang) if key in departments else key for key in keys]
    return ("、" if lang == "zh" else ", ").join(names)


def _line(found: Report, person: Person, lang: str) -> str:
    money = "" if person.amount_fen is None else "  " + _fen(found, person.amount_fen, lang)
    status = _STATUS[person.status].of(lang)
    return f"{person.shown}  {status}{money}  {person.said.of(lang)}"


def lines(found: Report, people: Iterator[Person], lang: str) -> Iterator[str]:
    """Give one line a person."""
    return (_line(found, person, lang) for person in people)


def as_json(found: Report, lang: str) -> dict[str, Any]:
    """Give a run as one JSON object; money in integer fen."""
    return {
        "run": found.run,
        "policy": found.policy,
        "name": found.name.of(lang),
        "version": found.version,
        "period": found.period.key,
        "ages_on": found.period.day.isoformat(),
        "actor": found.actor,
        "started": found.started.isoformat(),
        "finished": found.finished and found.finished.isoformat(),
        "elapsed_s": found.elapsed_s,
        "calls": found.calls,
        "problem": found.problem,
        "walked": found.people(),
        "ordered": found.people("granted"),
        "ordered_fen": found.fen("granted"),
        "ordered_before": found.people("ordered-before"),
        "ordered_before_fen": found.fen("ordered-before"),
        "eligible": [_group(group, lang) for group in found.of("granted")],
        "excluded": [_group(group, lang) for group in found.of("excluded")],
        "unknown": [_group(group, lang) for group in found.of("unknown")],
        "examples": [as_line(person, lang) for person in found.examples],
    }


def _group(group: Group, lang: str) -> dict[str, Any]:
    said = "question" if group.status == "unknown" else "reason"
    shape = {
        "people": group.people,
        "rules": list(group.rules),
        said: group.said.of(lang),
        "amount_fen": group.each_fen,
        "total_fen": group.total_fen,
    }
    if group.status == "unknown":
        departments = list(group.departments)
        shape |= {"cause": group.cause, "facts": list(group.facts), "departments": departments}
    return shape


def as_line(person: Person, lang: str) -> dict[str, Any]:
    """Give one person as a JSON object, masked."""
    return {
        "person": person.shown,
        "status": person.status,
        "amount_fen": person.amount_fen,
        "said": person.said.of(lang),
        "departments": list(person.departments),
    }
