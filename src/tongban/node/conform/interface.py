"""The clauses of an HTTP interface that a provider reads, tried on the real interface."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tongban.kernel.wire.words import Plain, Question, WireRefused
from tongban.node.conform.words import Clause, Finding, Findings
from tongban.node.health import Histogram
from tongban.node.providers.base import ProviderFailed, Setting
from tongban.node.providers.binding import Binding
from tongban.node.providers.http import Got, Http, records_of

CLAUSES = (
    Clause("I1", "接口描述可读，绑定完整", "the description reads and every binding fits it",
           "按提示修改配置或接口描述", "correct the configuration or the description as told"),
    Clause("I2", "经 TLS 提供服务", "it is served over TLS",
           "启用 HTTPS", "serve it over https"),
    Clause("I3", "按主键返回唯一一条记录", "a known key gives exactly one record, with that key",
           "按完整主键查询，返回该记录及主键", "select by the whole key and give the key back"),
    Clause("I4", "无此主键时返回空", "an unknown key gives nothing",
           "返回空列表，或约定的 404", "give an empty list, or the agreed 404"),
    Clause("I5", "媒体类型为 JSON", "the content type is JSON",
           "返回 application/json", "answer application/json"),
    Clause("I6", "不作重定向", "it does not redirect",
           "在约定地址直接答复", "answer at the agreed address itself"),
    Clause("I7", "答复符合接口描述", "the answer fits the description",
           "修正所指位置的数据，或更新接口描述", "mend what the pointer names"),
    Clause("I8", "不返回约定之外的字段", "a record has no member that the contract does not name",
           "去掉多余字段", "leave the members out that nobody asked for"),
    Clause("I9", "同样的查询结果一致", "the same question has the same answer",
           "查询不得改变数据", "let a question change nothing"),
    Clause("I10", "在时限内答复", "it answers in time",
           "为主键建索引，或扩容", "index the key, or add capacity"),
    Clause("I11", "主键只作数据，不作代码", "a key is data and never code",
           "使用参数化查询，转义路径", "use parameters in queries; decode the path once"),
    Clause("I12", "凭证缺失时拒绝", "without its secret a caller is refused",
           "缺少凭证时答复 401", "answer 401 without the secret"),
    Clause("I13", "多主键查询只返回所查记录", "several keys give the records asked for alone",
           "只返回所列主键的记录", "give the records of the listed keys alone"),
    Clause("I14", "批量读取可逐页到尾，不重不漏", "a walk comes to its end, no record twice",
           "按稳定顺序分页，游标随页返回", "page in a stable order and give the cursor"),
)  # fmt: skip
_TIMES = 20
_MOST_PAGES = 50
_HOSTILE = ("' OR '1'='1", "../../etc/passwd", "${7*7}", 'x"; --')
Key = Mapping[str, Plain]


async def conform_interface(
    setting: Setting, known: Key | None, unknown: Key | None, within: float = 1.0
) -> list[Finding]:
    """Try every clause; ``known`` is the key of a record, ``unknown`` one that no record has.

    ``within`` are the seconds that 95 of 100 answers may take.
    """
    found = Findings(CLAUSES)
    faults = Http.check_config(setting)
    found.hold("I1", " / ".join(map(str, faults)) or "all bindings fit", met=not faults)
    base = str(setting.options.get("base", ""))
    found.hold("I2", base.partition(":")[0], met=base.startswith("https://"))
    if faults:
        return found.all()
    provider = Http(setting)
    try:
        await _Try(found, provider, setting).everything(known, unknown, within)
    finally:
        await provider.close()
    return found.all()


class _Try:
    def __init__(self, found: Findings, provider: Http, setting: Setting) -> None:
        self._found = found
        self._provider = provider
        self._setting = setting
        self._fields = tuple(setting.options["fields"])
        binding = provider.binding("find")
        assert binding is not None  # noqa: S101 - check_config holds it
        self._find: Binding = binding

    async def everything(self, known: Key | None, unknown: Key | None, within: float) -> None:
        if known is None:
            for name in ("I3", "I5", "I6", "I7", "I8", "I9", "I10", "I12", "I13"):
                self._found.skip(name, "no key of a record was given (--key)")
        else:
            await self._known(known, within)
        if unknown is None:
            self._found.skip("I4", "no key without a record was given (--unknown)")
        else:
            await self._empty("I4", unknown, "an unknown key")
        for text in _HOSTILE:
            key = dict.fromkeys(self._setting.key, text)
            await self._empty("I11", key, "a key that looks like code")
        await self._walk()

    def _question(self, key: Key) -> Question:
        return Question("find", self._fields, (key,))

    async def _known(self, key: Key, within: float) -> None:
        question = self._question(key)
        try:
            got = await self._provider.get(self._find, question, None)
        except ProviderFailed as failed:
            self._found.hold("I3", str(failed), met=False)
            return
        redirects = 300 <= got.status < 400
        self._found.hold("I6", f"status {got.status}", met=not redirects)
        if got.status != 200:
            self._found.hold("I3", f"status {got.status}", met=False)
            return
        json = got.media.endswith(("/json", "+json")) and got.coding == "identity"
        self._found.hold("I5", f"{got.media}, coding {got.coding}", met=json)
        records = self._records(got)
        if records is None:
            return
        await self._one_record(question, key, records)
        await self._quick(question, within)
        await self._unasked(question)
        await self._among(key)

    def _records(self, got: Got) -> Sequence[Any] | None:
        try:
            records = records_of(self._find, self._provider.hold(self._find, got.raw))
        except ProviderFailed as failed:
            where = f" at {failed.pointer or 'the root'}"
            self._found.hold("I7", f"{failed.detail}{where}", met=False)
            return None
        self._found.hold("I7", "the schema holds", met=True)
        return records

    async def _one_record(self, question: Question, key: Key, records: Sequence[Any]) -> None:
        sources = self._setting.sources("member")
        allowed = {where.lstrip("/").partition("/")[0] for where in sources.values()}
        extra = {name for record in records for name in record} - allowed
        told = f"{len(extra)} members beyond the contract" + (
            f": {', '.join(sorted(extra & self._provider.names))}" if extra else ""
        )
        self._found.hold("I8", told, met=not extra)
        try:
            first = (await self._provider.ask(question)).records
            again = (await self._provider.ask(question)).records
        except ProviderFailed as failed:
            self._found.hold("I3", str(failed), met=False)
            return
        same = [all(record.get(n) == v for n, v in key.items()) for record in first]
        evidence = f"{len(first)} records, {sum(same)} with the key"
        self._found.hold("I3", evidence, met=same == [True])
        self._found.hold("I9", "asked twice", met=list(first) == list(again))

    async def _quick(self, question: Question, within: float) -> None:
        latency = Histogram()
        for _ in range(_TIMES):
            began = time.monotonic()
            try:
                await self._provider.ask(question)
            except ProviderFailed as failed:
                self._found.hold("I10", str(failed), met=False)
                return
            latency.add(int((time.monotonic() - began) * 1e6))
        p95 = latency.quantile(0.95) or 0
        told = f"95 of 100 within {p95 / 1000:.0f} ms; allowed {within * 1000:.0f} ms"
        self._found.hold("I10", told, met=p95 <= within * 1e6)

    async def _unasked(self, question: Question) -> None:
        if "secret_file" not in self._setting.options:
            self._found.skip("I12", "no secret is configured")
            return
        try:
            got = await self._provider.get(self._find, question, None, secret=False)
        except ProviderFailed as failed:
            self._found.skip("I12", str(failed))
            return
        self._found.hold("I12", f"status {got.status}", met=got.status in {401, 403})

    async def _among(self, key: Key) -> None:
        if self._provider.binding("among") is None:
            self._found.skip("I13", "no operation is bound to among")
            return
        nobody = dict.fromkeys(self._setting.key, "no-such-key-0")
        question = Question("among", self._fields, (key, nobody))
        try:
            records = (await self._provider.ask(question)).records
        except ProviderFailed as failed:
            self._found.hold("I13", str(failed), met=False)
            return
        own = [all(r.get(n) == v for n, v in key.items()) for r in records]
        told = f"{len(records)} records for two keys, {sum(own)} of them asked for"
        self._found.hold("I13", told, met=own == [True])

    async def _empty(self, clause: str, key: Key, what: str) -> None:
        try:
            records = (await self._provider.ask(self._question(key))).records
        except ProviderFailed as failed:
            # a plain refusal of a strange key is as good as no record; falling over is not
            refused = clause == "I11" and failed.detail in {"it answers 400", "it answers 422"}
            self._found.hold(clause, f"{what}: {failed.detail}", met=refused)
            return
        self._found.hold(clause, f"{what} gives {len(records)} records", met=not records)

    async def _walk(self) -> None:
        if self._provider.binding("walk") is None:
            self._found.skip("I14", "no operation is bound to walk")
            return
        seen: set[tuple[Plain, ...]] = set()
        after, twice, pages = None, 0, 0
        try:
            while pages < _MOST_PAGES:
                question = Question("walk", self._fields, (), after, 100)
                page = await self._provider.ask(question)
                pages += 1
                for record in page.records:
                    key = tuple(record.get(name) for name in self._setting.key)
                    twice += key in seen
                    seen.add(key)
                if page.after is None or (not page.records):
                    break
                after = page.after
        except (ProviderFailed, WireRefused) as failed:
            self._found.hold("I14", str(failed), met=False)
            return
        ends = page.after is None or (pages == _MOST_PAGES and bool(page.records))
        told = f"{len(seen)} records in {pages} pages, {twice} twice"
        self._found.hold(
            "I14", told if ends else f"{told}; an empty page and no end", met=ends and not twice
        )


def for_endpoint(setting: Setting, url: str) -> Setting:
    """Give the setting with another base, as it is to be tried from an engineer's machine."""
    return replace(setting, options={**setting.options, "base": url, "allow_private": True})
