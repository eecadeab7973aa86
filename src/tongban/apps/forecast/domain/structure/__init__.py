"""Structure 结构估计: lags, thresholds, windows and discounts, where the data can tell them.

Everything here works on balanced panels: arrays of regions by periods, beside effects of both.
"not identified" is an answer, and is raised by name.
"""
