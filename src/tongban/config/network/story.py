"""Tells what the network did, in Chinese or English; only words, every figure is the report's."""

from collections.abc import Iterator, Mapping
from typing import Any

from tongban.kernel.facts import Words

WORDS: Mapping[str, Words] = {
    "newborn": Words(
        "一、{name}：只问 {asked} 项，经网络调取 {fetched} 项，{calls} 次签名调用，{seconds} 秒",
        "1. {name}: {asked} answers asked, {fetched} facts fetched over the network by {calls} "
        "signed calls, {seconds} s",
    ),
    "answered": Words("二、谁回答了什么", "2. Which node answered what"),
    "answer": Words(
        "{node}（{store}）：{calls} 次，中位 {median} 毫秒，最慢 {slowest} 毫秒：{resources}",
        "{node} ({store}): {calls} calls, median {median} ms, slowest {slowest} ms: {resources}",
    ),
    "outage": Words(
        "三、节点 {stopped} 停机，另一位母亲办理：{fetched} 项照常调取，"
        "{departments}的 {n} 项暂缺：{facts}",
        "3. Node {stopped} stopped, and another mother applied: {fetched} facts still came, {n} of "
        "{departments} are missing: {facts}",
    ),
    "down": Words(
        "停机时：人口 {population}，出生 {births}；恢复后：人口 {back}",
        "down: population {population}, births {births}; back again: population {back}",
    ),
    "resumed": Words(
        "恢复 {seconds} 秒后该件已自动续办（{node} 应答 {calls} 次）：{n} 个事项办结 {granted} 个，"
        "其余待人工",
        "{seconds} s after it was back the case had gone on by itself, {calls} calls to {node}: "
        "{granted} of {n} items granted, the rest with an official",
    ),
    "corrected": Words(
        "四、订阅：出生记录更正，{seconds} 秒送达（{way}，{type}）",
        "4. A subscription: a corrected birth record arrived in {seconds} s ({way}, {type})",
    ),
    "withdrawn": Words(
        "五、撤回同意：{service} 的同一调用撤回前 {before}，{refused} 秒后 {after}"
        "（{code}）；{everywhere} 秒内各节点均已知悉；依法调用照常 {statutory}",
        "5. Consent withdrawn: the same call to {service} gave {before} before, and {after} "
        "({code}) {refused} s later; every node knew within {everywhere} s; a statutory call still "
        "gives {statutory}",
    ),
    "evidence": Words(
        "六、存证包：{events} 条留痕，{of} 个见证人中 {n} 个已签（{witnesses}），"
        "离线核验 {seconds} 秒：{mark}",
        "6. The evidence of the case: {events} events, {n} of {of} witnesses signed ({witnesses}), "
        "checked offline in {seconds} s: {mark}",
    ),
    "forged": Words("改动一个字节：{refused}", "one byte changed: {refused}"),
    "logs": Words("七、日志核验（{suite}）", "7. The logs, verified ({suite})"),
    "log": Words(
        "{mark} {node}：{rows} 行，{signatures} 个签名有效，{matched}/{checkpoints} 个检查点相符",
        "{mark} {node}: {rows} rows, {signatures} signatures hold, {matched} of {checkpoints} "
        "checkpoints match",
    ),
    "broken": Words("第 {row} 行：{why}", "row {row}: {why}"),
    "took": Words("全程 {seconds} 秒", "all of it took {seconds} s"),
    "try": Words("可以试（另开终端）：", "To try, in another terminal:"),
    "end": Words("按 Ctrl-C 结束", "Ctrl-C ends it"),
}


def tell(report: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Give the lines of the story in ``lang`` (zh or en)."""

    def say(key: str, **parts: object) -> str:
        return WORDS[key].of(lang).format(**parts)

    comma = ", " if lang == "en" else "、"
    applied, gap, back = report["applied"], report["outage"], report["resumed"]
    yield say(
        "newborn",
        name=applied["name"],
        asked=applied["fields_asked"],
        fetched=applied["fields_fetched"],
        calls=applied["calls"],
        seconds=applied["automatic_s"],
    )
    for branch in applied["branches"]:
        mark = "✓" if branch["state"] == "granted" else "…"
        yield f"   {mark} {branch['name']} · {branch['department']} · {branch['state_words']}"
    yield say("answered")
    for one in report["answered"]:
        yield "   " + say(
            "answer",
            node=one["node"],
            store=report["stores"][one["node"]],
            calls=one["calls"],
            median=one["median_ms"],
            slowest=one["slowest_ms"],
            resources=comma.join(one["resources"]),
        )
    yield say(
        "outage",
        stopped=gap["stopped"],
        fetched=gap["fetched"],
        n=len(gap["missing"]),
        departments=comma.join(gap["missing_of"]),
        facts=comma.join(gap["missing"]),
    )
    down = gap["down"]
    yield "   " + say(
        "down",
        population=down["population"],
        births=down["births"],
        back=gap["back"]["population"],
    )
    yield "   " + say(
        "resumed",
        n=len(back["branches"]),
        granted=back["granted"],
        seconds=back["seconds"],
        node=back["node"],
        calls=back["calls"],
    )
    yield say("corrected", **report["corrected"])
    gone = report["withdrawn"]
    yield say(
        "withdrawn",
        service=gone["service"].rpartition("/")[2],
        before=gone["before"],
        after=gone["after"],
        code=gone["code"],
        refused=gone["refused_s"],
        everywhere=gone["everywhere_s"],
        statutory=gone["statutory"],
    )
    told = report["evidence"]
    yield say(
        "evidence",
        mark="✓" if told["holds"] else "✗",
        n=len(told["witnesses"]),
        **{name: told[name] for name in ("events", "of", "seconds")},
        witnesses=comma.join(told["witnesses"]),
    )
    yield "   " + say("forged", refused=told["refused"])
    yield say("logs", suite=report["suite"])
    for name, log in report["logs"].items():
        mark = "✗" if log["broken"] else "✓"
        counted = {n: log[n] for n in ("rows", "signatures", "matched", "checkpoints")}
        yield "   " + say("log", mark=mark, node=name, **counted)
        if log["broken"]:
            yield "     " + say("broken", row=log["broken_row"], why=log["broken"])
    yield say("took", seconds=report["seconds"])


def to_try(addresses: str, police: str, lang: str) -> Iterator[str]:
    """Give the commands that a network that is left running invites to."""
    yield WORDS["try"].of(lang)
    yield f"   set -a; . {addresses}; set +a"
    yield f"   tongban node status --config {police}/node.toml"
    yield (
        "   tongban exchange call $POPULATION --purpose household-registration --field name "
        "--key id_number=$MOTHER --node $PLATFORM_INNER --token-file $TONGBAN_NODE_TOKEN"
    )
    yield "   tongban exchange node list"
    yield "   tongban evidence status"
    yield "   curl $PLATFORM_INNER/metrics"
    yield WORDS["end"].of(lang)
