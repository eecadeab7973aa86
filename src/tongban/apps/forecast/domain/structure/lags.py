"""Distributed lags 分布滞后: how an input works over the periods after it (Almon 1965).

The weights of lags lie on a polynomial, which spares degrees of freedom; with as high a degree as
there are lags it is the unrestricted model.
"""

from dataclasses import dataclass

import numpy as np

from .within import Numbers, check, least_squares


@dataclass(frozen=True, slots=True)
class Lags:
    """Weights of lags 0, 1, … with standard errors; their sum is the effect in the long run.

    ``spread``: so many standard errors each way hold 95 %.
    """

    weights: Numbers
    errors: Numbers
    total: float
    total_error: float
    spread: float

    @property
    def mean(self) -> float:
        """The mean lag in periods."""
        return float(self.weights @ np.arange(len(self.weights)) / self.weights.sum())


def almon(y: Numbers, x: Numbers, lags: int, degree: int) -> Lags:
    """Estimate the weights of ``x`` now and up to ``lags`` periods back, beside both effects.

    >>> x = np.random.default_rng(1).normal(size=(8, 12))
    >>> y = 2 * x + 1 * np.roll(x, 1, axis=1)  # the first period wraps round and is not used
    >>> almon(y, x, 1, 1).weights.round(6).tolist()
    [2.0, 1.0]
    """
    check(y, x)
    if not 0 <= degree <= lags < y.shape[1] - 1:
        raise ValueError("0 <= degree <= lags < periods - 1")
    moved = np.stack([x[:, lags - back : x.shape[1] - back] for back in range(lags + 1)])
    # lags on 0 … 1, so that high powers stay of one size
    place = np.arange(lags + 1) / max(lags, 1)
    powers = place[:, None] ** np.arange(degree + 1)
    columns = np.tensordot(powers.T, moved, axes=1)
    names = ["the polynomial of the lags"] * (degree + 1)
    fit = least_squares(y[:, lags:], list(columns), names)
    covariance = powers @ fit.covariance @ powers.T
    return Lags(
        powers @ fit.slopes,
        np.sqrt(np.diag(covariance)),
        float((powers @ fit.slopes).sum()),
        float(np.sqrt(covariance.sum())),
        fit.spread,
    )
