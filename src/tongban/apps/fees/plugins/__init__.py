"""Banks and clearing houses that fees can be paid at, as they are set up.

A provider is data (``TONGBAN_FEES``, a TOML file); its plug-in is a class of this folder or a
dotted name ``module:Class``. What a bank says counts only if its plug-in has checked that the bank
said it.
"""

import importlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from tongban.apps.fees.errors import ProviderMissing
from tongban.apps.fees.plugins.face import Provider
from tongban.apps.fees.plugins.samplebank import SampleBank

#: Who may be paid at this provider, when it serves every department.
EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Setting:
    """An entry of the file: a provider's name, whom it serves, and who keeps its accounts."""

    name: str
    departments: frozenset[str]
    accounts: str
    plugin: str
    options: Mapping[str, Any]

    def serves(self, department: str) -> bool:
        """Say whether a department is paid here."""
        return bool(self.departments & {department, EVERYBODY})


PLUGINS: Mapping[str, Callable[[Mapping[str, Any]], Provider]] = {"sample-bank": SampleBank}


def providers() -> dict[str, Setting]:
    """Read the providers that are set up; none without the file. Raise `ProviderMissing`."""
    path = Path(settings.FEES)
    if not path.exists():
        return {}
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        found = [
            Setting(
                str(one["name"]),
                frozenset(one.get("departments", [EVERYBODY])),
                str(one["accounts"]),
                str(one["plugin"]),
                one,
            )
            for one in raw["providers"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise _missing(f"{path}: {wrong!r}") from wrong
    return {one.name: one for one in found}


def provider(name: str) -> Provider:
    """Give the provider of this name, ready to be asked; raise `ProviderMissing`."""
    setting = providers().get(name)
    if setting is None:
        raise _missing(f"no provider {name}")
    try:
        return _plugin(setting.plugin)(setting.options)
    except (ImportError, AttributeError, KeyError, ValueError, TypeError) as wrong:
        raise _missing(f"{name}: {wrong!r}") from wrong


def provider_for(department: str) -> str:
    """Give the name of the provider at which a department is paid; raise `ProviderMissing`."""
    for setting in providers().values():
        if setting.serves(department):
            return setting.name
    raise _missing(f"no provider serves {department}")


def _plugin(name: str) -> Callable[[Mapping[str, Any]], Provider]:
    if name in PLUGINS:
        return PLUGINS[name]
    module, _, attribute = name.partition(":")
    made: Callable[[Mapping[str, Any]], Provider] = getattr(
        importlib.import_module(module), attribute
    )
    return made


def _missing(why: str) -> ProviderMissing:
    return ProviderMissing(
        f"未设置缴费渠道（{why}），请联系运维人员",
        f"no bank is set up ({why}): write TONGBAN_FEES, see docs/apps/fees.md",
    )
