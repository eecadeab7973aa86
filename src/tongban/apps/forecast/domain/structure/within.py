"""Least squares beside effects of regions and periods 双向组内估计, on balanced panels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Numbers = NDArray[np.float64]
_NOTHING = 1e-8  # so small a share of a column is rounding, not variation


class StructureUnknown(ValueError):
    """What these data cannot tell; ``zh`` and ``en`` say why.

    Where that tells ``counts`` of something, they stand in it at ``{0}``, ``{1}`` ….
    """

    def __init__(self, zh: str, en: str, *counts: int) -> None:
        told = [text.format(*counts) if counts else text for text in (zh, en)]
        super().__init__(f"{type(self).__name__}: {told[1]} / {told[0]}")
        self.zh, self.en, self.counts = zh, en, counts


class NotIdentified(StructureUnknown):
    """An effect that cannot be told from the effects of regions and periods."""


class PanelUnbalanced(StructureUnknown):
    """Arrays that are not regions by periods, all known."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Slopes, their covariance (clustered by region), and what is left over.

    ``spread``: so many standard errors each way hold 95 %.
    """

    slopes: Numbers
    covariance: Numbers
    residuals: Numbers
    spread: float

    @property
    def errors(self) -> Numbers:
        """Standard errors."""
        return np.sqrt(np.diag(self.covariance))


def spread(clusters: int, level: float = 0.95) -> float:
    """Give how many clustered standard errors each way hold a share ``level`` of estimates.

    Student's t with one degree of freedom less than there are clusters (Cameron and Miller 2015,
    A Practitioner's Guide to Cluster-Robust Inference, VI.A), as Stata and fixest have it.

    >>> round(spread(10), 3), round(spread(10_000), 2)
    (2.262, 1.96)
    """
    return float(stdtrit(clusters - 1, (1 + level) / 2))


def within(values: Numbers) -> Numbers:
    """Take the means of regions (rows) and of periods (columns) away; leading axes are kept.

    >>> within(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[0., 0.],
           [0., 0.]])
    """
    left: Numbers = values - values.mean(axis=-1, keepdims=True)
    bare: Numbers = left - left.mean(axis=-2, keepdims=True)
    return bare


def least_squares(y: Numbers, columns: Sequence[Numbers], names: Sequence[str]) -> Fit:
    """Regress ``y`` on columns, all regions by periods, beside both effects.

    Raise PanelUnbalanced, or NotIdentified where a column has nothing left beside the effects (a
    nation-wide index, say) or is told by the columns before it.
    """
    check(y, *columns)
    left = np.stack([within(one) for one in columns])
    for number, name in enumerate(names):
        wide = np.abs(columns[number] - columns[number].mean()).max()
        if np.abs(left[number]).max() <= _NOTHING * max(wide, 1e-300):
            _refuse(name, "区域与期间效应", "the effects of regions and periods")
    regions, periods = y.shape
    x = left.reshape(len(columns), -1).T
    # of one size: beside spending in fen, a count would look like rounding
    size = np.linalg.norm(x, axis=0)
    even = x / size
    for number, name in enumerate(names[1:], start=1):
        if np.linalg.matrix_rank(even[:, : number + 1], tol=None) <= number:
            _refuse(name, "前面各列", "the columns before it")
    bread = np.linalg.inv(even.T @ even) / np.outer(size, size)
    slopes = bread @ (x.T @ within(y).ravel())
    residuals = within(y) - np.tensordot(slopes, left, axes=1)
    scores = np.einsum("krt,rt->rk", left, residuals)
    # the usual small-sample factor of clusters
    free = y.size - regions - periods + 1 - len(columns)
    factor = regions / (regions - 1) * (y.size - 1) / max(free, 1)
    covariance = factor * bread @ (scores.T @ scores) @ bread
    return Fit(slopes, covariance, residuals, spread(regions))


def check(*arrays: Numbers) -> None:
    """Refuse what is no balanced panel of one shape."""
    shape = arrays[0].shape
    if len(shape) != 2 or min(shape) < 2 or any(one.shape != shape for one in arrays):
        raise PanelUnbalanced("须为平衡面板", "give arrays of regions by periods, all of one shape")
    if not all(np.isfinite(one).all() for one in arrays):
        raise PanelUnbalanced(
            "有缺失值，请去掉该地区或该期", "a value is missing; leave out its region or period"
        )


def _refuse(name: str, zh: str, en: str) -> NoReturn:
    raise NotIdentified(
        f"无法识别：{name} 与{zh}分不开；须随地区而异，例如乘以事前暴露度",
        f"{name} cannot be told from {en}; let it differ by region over time, by an exposure from"
        " before, say",
    )
