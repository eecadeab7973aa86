"""Secrecy at rest: columns that are sealed with keys which the database does not hold."""
