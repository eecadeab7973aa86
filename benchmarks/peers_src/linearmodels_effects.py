"""linearmodels on the same panel: slopes and the seconds of the best of the runs."""

import json
import sys
import time

import numpy as np
import pandas as pd
from linearmodels import PanelOLS

question = json.load(sys.stdin)
units, periods, seed = question["units"], question["periods"], question["seed"]
draw = np.random.default_rng(seed)
x = draw.normal(size=(units * periods, 2))
y = x @ np.array([0.5, -0.25]) + draw.normal(size=units * periods)
unit, when = np.divmod(np.arange(units * periods), periods)
frame = pd.DataFrame({"y": y, "a": x[:, 0], "b": x[:, 1], "unit": unit, "time": when})
frame = frame.set_index(["unit", "time"])
seconds = []
for _ in range(question["runs"]):
    began = time.perf_counter()
    model = PanelOLS(frame.y, frame[["a", "b"]], entity_effects=True, time_effects=True)
    slopes = model.fit(cov_type="clustered", cluster_entity=True).params.tolist()
    seconds.append(time.perf_counter() - began)
json.dump({"slopes": slopes, "seconds": min(seconds)}, sys.stdout)
