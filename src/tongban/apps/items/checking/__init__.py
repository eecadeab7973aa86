"""Judges region packs before anything of them is published; pure but for what it was handed."""

from tongban.apps.items.checking.shelf import Ready
from tongban.apps.items.checking.whole import Checked, check_packs

__all__ = ["Checked", "Ready", "check_packs"]
