"""The ask box: how well and how fast it answers, beside bm25s over the same paragraphs.

Figures of quality are of the even questions of tests/data/questions.tsv: the odd ones set the gate
and helped to choose other names of services, the even ones did neither. bm25s has the same
characters and pairs, and neither pinyin, typing errors nor a gate: it always answers. Speed is also
taken with 10,000 invented services.
"""

import csv
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import django

from benchmarks.common import Row
from benchmarks.peers import ask_peer, peer_python

ROOT = Path(__file__).resolve().parents[1]
MANY = 10_000
#: The life event of a single item answers as the item does.
SAME = {"old-age-allowance": "old-age-allowance-claim"}


def run() -> list[Row]:
    """Measure in a process of its own, with a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        env = {
            **os.environ,
            "TONGBAN_HOME": home,
            "TONGBAN_DATABASE": f"sqlite:///{home}/ask.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
        }
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.ask"],
            env=env,
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
        )
    found: dict[str, Any] = json.loads(told.stdout)
    peer = ask_peer(
        peer_python("bm25s", ["bm25s==0.3.16"]),
        "bm25s_ask.py",
        {"documents": found["documents"], "questions": found["tokens"], "most": 40},
    )
    return _rows(
        found, _quality(found, [_services(found, order) for order in peer["ranked"]]), peer
    )


def _services(found: dict[str, Any], order: Sequence[int]) -> list[str]:
    """Give the services of ranked paragraphs, each once, best first."""
    return list(dict.fromkeys(found["owners"][number] for number in order))[:5]


def _quality(found: dict[str, Any], ranked: Sequence[Sequence[str]]) -> dict[str, float]:
    inside = [(e, r) for e, r in zip(found["expected"], ranked, strict=True) if e != "none"]
    outside = [r for e, r in zip(found["expected"], ranked, strict=True) if e == "none"]
    return {
        "r1": sum(r[:1] == [e] for e, r in inside) / len(inside),
        "r5": sum(e in r for e, r in inside) / len(inside),
        "outside": sum(bool(r) for r in outside) / len(outside),
    }


def _rows(found: dict[str, Any], peer: dict[str, float], timed: dict[str, Any]) -> list[Row]:
    ours = _quality(found, found["ranked"])
    expected, known, first = found["expected"], found["known"], [r[:1] for r in found["ranked"]]
    answered = [(e, f) for e, f, k in zip(expected, first, known, strict=True) if k and e != "none"]
    inside = sum(e != "none" for e in expected)
    precise = sum(f == [e] for e, f in answered) / len(answered)
    wrong = [k for e, k in zip(expected, known, strict=True) if e == "none"]
    note = f"{inside} questions in scope, {len(wrong)} out of it; half that tuned nothing"
    always = "bm25s, always answers"
    p95 = statistics.quantiles([1000 * t for t in timed["times"]], n=20)[-1]
    return [
        Row("right service first (R@1)", ours["r1"], peer["r1"], "bm25s", "", "more", note),
        Row("right service in five (R@5)", ours["r5"], peer["r5"], "bm25s", "", "more", ""),
        Row("answered in scope", len(answered) / inside, 1.0, always, "", "more", ""),
        Row("right of what was answered", precise, peer["r1"], always, "", "more", ""),
        Row(
            "answered out of scope",
            sum(wrong) / len(wrong),
            peer["outside"],
            always,
            "",
            "less",
            "",
        ),
        Row(
            "a question, p95, sample city", found["p95"], p95, "bm25s", "ms", "less", "with pinyin"
        ),
        Row(
            f"a question, p95, {MANY:,} services",
            found["many_p95"],
            5.0,
            "the limit set",
            "ms",
            "less",
            f"built in {found['many_built']:.1f} s, once a publication",
        ),
        Row(
            f"a page of the list, p95, {MANY:,} services",
            found["list_p95"],
            200.0,
            "the limit set",
            "ms",
            "less",
            f"read in {found['list_built']:.1f} s, once a publication",
        ),
    ]


def _timed(acts: Sequence[Callable[[], object]]) -> float:
    """Give the 95th percentile in milliseconds of this process: others may be at work beside it."""
    times = []
    for act in acts:
        began = time.process_time()
        act()
        times.append(1000 * (time.process_time() - began))
    return statistics.quantiles(times, n=20)[-1]


def _measure() -> dict[str, Any]:
    django.setup()
    from tongban.apps.items import queries  # noqa: PLC0415 - Django must be set up first
    from tongban.apps.items.queries import indexing, listing  # noqa: PLC0415
    from tongban.config.setup import prepare  # noqa: PLC0415
    from tongban.kernel.search import fold, grams  # noqa: PLC0415

    prepare()
    with (ROOT / "tests" / "data" / "questions.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))[1::2]
    questions = [row["question"] for row in rows]
    queries.ask(questions[0])
    listed = listing.rows()
    documents, owners = [], []
    for service in indexing.services_of(listed):
        for text in service.texts:
            words = (*service.names, text.heading.zh, text.heading.en, text.text.zh, text.text.en)
            documents.append(list(grams(fold(" ".join((*words, text.words))))))
            owners.append(SAME.get(service.slug, service.slug))
    answers = [queries.answer(question) for question in questions]
    ranked = [
        list(
            dict.fromkeys(SAME.get(listed[f.service].slug, listed[f.service].slug) for f in a.found)
        )
        for a in answers
    ]
    return {
        "expected": [row["expected"] for row in rows],
        "ranked": ranked,
        "known": [answer.known for answer in answers],
        "documents": documents,
        "owners": owners,
        "tokens": [list(grams(fold(question))) for question in questions],
        "p95": _timed([lambda q=q: queries.answer(q) for q in questions]),
        **_many(questions),
    }


def _many(questions: Sequence[str]) -> dict[str, float]:
    """Take the times with many services: the sample's, under other names and for other things."""
    from tongban.apps.items import queries  # noqa: PLC0415
    from tongban.apps.items.models import Published  # noqa: PLC0415
    from tongban.apps.items.queries import definitions  # noqa: PLC0415

    chance = random.Random(1)
    items = list(Published.objects.filter(kind__in=["item", "guide"]))
    guides = {row.slug: row for row in items if row.kind == "guide"}
    bases = [row for row in items if row.kind == "item"]
    made = []
    for number in range(MANY - len(bases)):
        base = bases[number % len(bases)]
        thing = "".join(chr(chance.randrange(0x4E00, 0x9FA0)) for _ in range(4))
        for row in (base, guides[base.slug]):
            content = json.loads(row.content)
            data = content["data"]
            data["slug"] = f"{base.slug}-{number}"
            if row.kind == "item":
                data["name"]["zh"] = thing + data["name"]["zh"][-4:]
            else:
                data["aliases"] = [thing]
                for paragraph in data.get("paragraphs", ()):
                    paragraph["text"]["zh"] = thing + paragraph["text"]["zh"]
            made.append(
                Published(
                    kind=row.kind,
                    slug=data["slug"],
                    version=row.version,
                    digest=f"{number:064d}",
                    state=f"many-{number}",
                    content=json.dumps(content),
                    published_at=row.published_at,
                )
            )
    Published.objects.bulk_create(made, batch_size=500)
    definitions.index.cache_clear()
    began = time.process_time()
    queries.services()
    listed = time.process_time() - began
    began = time.process_time()
    queries.answer(questions[0])
    built = time.process_time() - began
    pages = [
        lambda n=n: queries.services(theme="birth", region="330106", page=n) for n in range(1, 60)
    ]
    return {
        "list_built": listed,
        "list_p95": _timed(pages),
        "many_built": built,
        "many_p95": _timed([lambda q=q: queries.answer(q) for q in questions]),
    }


if __name__ == "__main__":
    json.dump(_measure(), sys.stdout)
