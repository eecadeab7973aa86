"""Fixtures of the pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from testkit.licences import card
from tongban.infra.packs import find_packs, read_packs
from tongban.web import languages

__all__ = ["card"]


@pytest.fixture
def pseudo(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Let there be a language in which every word is longer by 40 % and stands in brackets."""
    folder = tmp_path / "pseudo"
    (folder / "locale").mkdir(parents=True)
    head = {"schema": "tongban/pack/1", "slug": "pseudo", "extends": ["base"]}
    base = read_packs(find_packs())[0].head.data
    (folder / "pack.yaml").write_text(yaml.safe_dump({**base, **head}, allow_unicode=True))
    long = {n: f"[{w.en}{'~' * (len(w.en) * 2 // 5)}]" for n, w in languages.NAMED.items()}
    told = {"schema": "tongban/language/1", "slug": "qps", "html": "en-XA", "name": "Pseudo"}
    (folder / "locale" / "qps.yaml").write_text(yaml.safe_dump({**told, "words": long}))
    settings.PACKS = [tmp_path]
    caches = (languages._packs, languages.languages, languages.words)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()
