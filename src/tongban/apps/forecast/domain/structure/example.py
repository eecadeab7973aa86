"""An example whose answers are known 结构样例: a panel with every effect, its schema and plan.

Quarterly growth of an invented nation. Effects are those of the proof on the scale of growth; the
window is stronger, since all other effects stand in its way.
"""

from collections.abc import Mapping

import numpy as np

from tongban.apps.forecast.domain.panel import label

from .proving import BREAK, DISCOUNT, LAG_WEIGHTS, QUARTERS, REGIONS, SLOPES, ground

SCALE = 0.02  # growth a unit of effect
WINDOW = 1.2
FIRST = 2016 * 4  # 2016Q1
WINDOW_FROM, WINDOW_LENGTH = FIRST + 20, 6
COVARIATES = ("spending", "interfaces", "sharing", "readiness", "hardware", "software")
SCHEMA = """target: {column: services, unit: case, low: 0}
covariates:
  - {column: spending, unit: number}
  - {column: interfaces, unit: number}
  - {column: sharing, unit: number}
  - {column: readiness, unit: number}
  - {column: hardware, unit: number}
  - {column: software, unit: number}
"""
PLAN = f"""target: growth
lags:
  - {{input: spending, lags: {len(LAG_WEIGHTS) - 1}, degree: 2}}
threshold:
  - {{input: interfaces, by: sharing}}
window:
  - {{exposure: readiness, from: {label(WINDOW_FROM, 4)}, length: {WINDOW_LENGTH}}}
discount:
  - {{hardware: hardware, rest: software}}
"""


def files(seed: int, noise: float = 0.5) -> Mapping[str, str]:
    """Give the three files by name; the same seed gives the same to the last digit."""
    draw = np.random.default_rng(seed)
    shape = (REGIONS, QUARTERS + 1)
    spending, interfaces, hardware, software = draw.normal(0, 1, (4, *shape))
    sharing = draw.uniform(0, 1, shape)
    readiness = np.repeat(draw.uniform(0, 2, (REGIONS, 1)), shape[1], axis=1)
    worked = sum(
        weight * np.pad(spending, ((0, 0), (back, 0)))[:, : shape[1]]
        for back, weight in enumerate(LAG_WEIGHTS)
    )
    periods = FIRST + np.arange(shape[1])
    inside = (periods >= WINDOW_FROM) & (periods < WINDOW_FROM + WINDOW_LENGTH)
    grows = SCALE * (
        worked
        + np.where(sharing <= BREAK, SLOPES[0], SLOPES[1]) * interfaces
        + WINDOW * readiness * inside
        + software
        + DISCOUNT * hardware
        + ground(draw, shape[1], noise)
    )
    grows[:, 0] = draw.normal(7.0, 0.5, REGIONS)  # where each region begins
    services = np.exp(grows.cumsum(axis=1))
    columns = np.stack([spending, interfaces, sharing, readiness, hardware, software])
    rows = [
        f"R{region + 1:02},{label(int(period), 4)},{services[region, place]:.4f},"
        + ",".join(f"{value:.6f}" for value in columns[:, region, place])
        for region in range(REGIONS)
        for place, period in enumerate(periods)
    ]
    head = f"region,period,services,{','.join(COVARIATES)}"
    return {
        "panel.csv": "\n".join([head, *rows, ""]),
        "schema.yaml": SCHEMA,
        "plan.yaml": PLAN,
    }
