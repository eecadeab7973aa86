"""Forecasts (预测): panels of regions, and models that must beat drift.

Works on files alone: no platform, no database. What is heavy is the extra ``[forecast]``.
"""
