"""A language that nobody speaks (伪本地化): every word longer by 40 %, in brackets, so that text
which does not fit and words that no pack could translate are seen.
"""

from pathlib import Path

import yaml

from tongban.infra.packs import find_packs, read_packs
from tongban.web.languages import NAMED

TAG, HTML = "qps", "en-XA"


def write_pseudo(folder: Path) -> Path:
    """Lay the pack of this language down in ``folder``; give the folder of packs to be read."""
    pack = folder / "pseudo"
    (pack / "locale").mkdir(parents=True)
    head = {"schema": "tongban/pack/1", "slug": "pseudo", "extends": ["base"]}
    base = read_packs(find_packs())[0].head.data
    (pack / "pack.yaml").write_text(yaml.safe_dump({**base, **head}, allow_unicode=True))
    long = {n: f"[{w.en}{'~' * (len(w.en) * 2 // 5)}]" for n, w in NAMED.items()}
    told = {"schema": "tongban/language/1", "slug": TAG, "html": HTML, "name": "Pseudo"}
    (pack / "locale" / f"{TAG}.yaml").write_text(yaml.safe_dump({**told, "words": long}))
    return folder
