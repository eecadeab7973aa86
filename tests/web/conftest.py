"""Fixtures of the pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit.licences import card
from testkit.pseudo import write_pseudo
from tongban.web import languages

__all__ = ["card"]


@pytest.fixture
def pseudo(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Let there be a language in which every word is longer by 40 % and stands in brackets."""
    settings.PACKS = [write_pseudo(tmp_path)]
    caches = (languages._packs, languages.languages, languages.words)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()
