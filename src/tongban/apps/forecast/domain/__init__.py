"""The pure part of forecasting: panels, the gate, scores, intervals, the generator."""
