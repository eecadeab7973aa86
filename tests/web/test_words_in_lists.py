"""Words stand in the word lists: no page and no view holds Chinese of its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tongban.web

WEB = Path(tongban.web.__file__).parent
# Han, and the marks that only Chinese puts words together with
CHINESE = re.compile(r"[\u3001-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff5e]")
EXEMPT = {
    "styleguide.py": "samples of what a form says",
    "drawing/judging.py": "findings on a flow, in both languages side by side",
    "drawing/reading.py": "faults of a file, in both languages side by side",
    "drawing/labels.py": "signs that may not begin a line",
    "cli.py": "at the machine, in both languages at once",
    "operators.py": "Django's own pages for operators, in both languages at once",
    "apps.py": "the app's name on Django's own pages",
}
VIEWS = sorted(
    path
    for path in WEB.rglob("*.py")
    if not path.stem.endswith("words") and str(path.relative_to(WEB)) not in EXEMPT
)
PAGES = sorted((WEB / "templates").rglob("*.html"))
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?endcomment %\}|<!--.*?-->", re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(WEB))


def literals(source: str) -> Iterator[str]:
    """Give every text of a module, those inside f-strings too, but for docstrings."""
    tree = ast.parse(source)
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, DOCUMENTED) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_the_look_finds_what_it_looks_for() -> None:
    source = '"""说明"""\ndef f(n):\n    """说明"""\n    return f"{n} 件", "ok"\n'
    assert [text for text in literals(source) if CHINESE.search(text)] == [" 件"]
    assert all((WEB / path).is_file() for path in EXEMPT)
    assert len(VIEWS) > 40


@pytest.mark.parametrize("view", VIEWS, ids=name)
def test_no_view_holds_chinese(view: Path) -> None:
    assert [text for text in literals(view.read_text("utf-8")) if CHINESE.search(text)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_template_holds_chinese(page: Path) -> None:
    assert CHINESE.findall(COMMENT.sub("", page.read_text("utf-8"))) == []
