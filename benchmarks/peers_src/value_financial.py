"""Rates of return by numpy-financial, path by path: question and answer in JSON."""

import json
import sys
import time

import numpy_financial as npf

paths = json.load(sys.stdin)
began = time.perf_counter()
rates = [float(npf.irr(path)) for path in paths]
json.dump({"seconds": time.perf_counter() - began, "rates": rates}, sys.stdout)
