"""What the reports assume 参数: read from a file that can be copied and changed."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from tongban.kernel.facts import Words

from .domain.appraisal import INPUTS, Range, Social, Terms
from .domain.cloud import OFFERS
from .domain.costing import DRIVERS, Use
from .errors import ValueRefused

SHIPPED = Path(__file__).with_name("parameters.yaml")
_DIMENSIONS = ("base", "automated", "assets", "governance")


@dataclass(frozen=True, slots=True)
class Parameters:
    """All that is assumed; ``source`` names file, version and digest."""

    source: str
    notes: Mapping[str, Words]
    drivers: Mapping[str, str]
    life: int
    within: int
    weights: Mapping[str, Decimal]
    reference: Decimal
    thresholds: Mapping[str, Decimal]
    terms: Terms
    target_use: Decimal
    cloud_life: int
    ours: str
    theirs: str
    likeness: Decimal
    overlap_years: int
    common: tuple[str, ...]


def load(path: Path | None = None) -> Parameters:
    """Load parameters, the shipped ones where no file is named. Raise ValueRefused."""
    path = path or SHIPPED
    try:
        raw = path.read_bytes()
        told = yaml.safe_load(raw)
        mark = hashlib.sha256(raw).hexdigest()[:16]
        return _parameters(told, f"{path.name} {told['version']} sha256:{mark}")
    except OSError as error:
        raise ValueRefused(f"无法读取 {path}", f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ValueRefused(f"{path} 不是 YAML", f"{path} is not YAML: {error}") from error
    except KeyError as error:
        raise ValueRefused(f"{path} 缺少 {error}", f"{path} lacks {error}") from error
    except ValueRefused as error:
        raise ValueRefused(f"{path}：{error.zh}", f"{path}: {error.en}") from error
    except (TypeError, ValueError, InvalidOperation) as error:
        raise ValueRefused(f"{path} 的内容不合格式", f"{path} does not fit: {error}") from error


def _parameters(told: Mapping[str, Any], source: str) -> Parameters:
    costing, overlap, cloud = told["costing"], told["overlap"], told["cloud"]
    drivers = {str(tower): str(name) for tower, name in costing["drivers"].items()}
    _among(drivers.values(), DRIVERS, "costing.drivers")
    weights = {str(n): _positive(v) for n, v in told["uvd"]["weights"].items()}
    _among(weights, tuple(Use.__dataclass_fields__), "uvd.weights")
    offers = [str(cloud["ours"]), str(cloud["theirs"])]
    _among(offers, tuple(OFFERS), "cloud")
    if offers[0] == offers[1]:
        raise ValueRefused(
            "cloud 中的 ours 与 theirs 须为两个方案", "cloud: ours and theirs are two offers"
        )
    thresholds = {n: Decimal(told["dimensions"]["thresholds"][n]) for n in _DIMENSIONS}
    return Parameters(
        source=source,
        notes={name: _note(note) for name, note in told["sources"].items()},
        drivers=drivers,
        life=_whole(costing["life_years"]),
        within=int(costing["repeat_within_days"]),
        weights=weights,
        reference=_positive(told["uvd"]["reference_per_user_month"]),
        thresholds=thresholds,
        terms=_terms(told["appraisal"]),
        target_use=_positive(cloud["target_use"]),
        cloud_life=_whole(cloud["life_years"]),
        ours=offers[0],
        theirs=offers[1],
        likeness=_positive(overlap["likeness"]),
        overlap_years=int(overlap["within_years"]),
        common=tuple(str(word) for word in overlap["common"]),
    )


def _note(told: Mapping[str, Any]) -> Words:
    zh, en = ("", "") if told["verified"] else ("（未核实）", " (not verified)")
    return Words(f"{told['zh']}{zh}", f"{told['en']}{en}")


def _terms(told: Mapping[str, Any]) -> Terms:
    correlations = {}
    for one, other, value in told["correlations"]:
        _among((one, other), INPUTS, "appraisal.correlations")
        if one == other or not -1 <= Decimal(value) <= 1:
            raise ValueRefused(
                f"两个因素的相关系数须在 -1 与 1 之间：{one}、{other}、{value}",
                f"a correlation of two inputs is from -1 to 1: {one}, {other}, {value}",
            )
        correlations[one, other] = Decimal(value)
    rate, reinvest = Decimal(told["rate"]), Decimal(told["reinvest"])
    if min(rate, reinvest) < 0:
        raise ValueRefused("折现率不可为负", "a discount rate is not negative")
    ranges = {name: Range(*(Decimal(end) for end in told["ranges"][name])) for name in INPUTS}
    if min(one.low for one in ranges.values()) < 0:
        raise ValueRefused("区间不可低于零", "a range does not go below nil")
    social = Social(**{name: Decimal(value) for name, value in told["social"].items()})
    return Terms(rate, reinvest, ranges, social, correlations)


def _among(names: Any, known: tuple[str, ...], where: str) -> None:
    if unknown := [name for name in names if name not in known]:
        raise ValueRefused(
            f"{where} 中的 {unknown} 不在 {', '.join(known)} 之内",
            f"{where}: {unknown} is none of {', '.join(known)}",
        )


def _positive(value: Any, of: Callable[[Any], Decimal] = Decimal) -> Decimal:
    if of(value) <= 0:
        raise ValueRefused(f"{value} 须大于零", f"{value} is not above nil")
    return of(value)


def _whole(value: Any) -> int:
    if int(value) < 1:
        raise ValueRefused(f"{value} 不是整年数", f"{value} is not a whole number of years")
    return int(value)
