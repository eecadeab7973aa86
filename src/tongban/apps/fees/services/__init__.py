"""Verbs of fees: ask, pay, hear from the bank, give back, reconcile, settle.

Every verb loads, decides by the domain, and saves rows, postings and trail in one transaction; a
bank is asked while none is open.
"""

from .chasing import chase, expire
from .hearing import ask_bank, hear, notice
from .ordering import close_order, open_order
from .paying import pay
from .reconciling import days_due, reconcile, settle
from .refunding import REASONS, approve, ask_refund, refuse_refund, send_refund
from .wishing import MOST_NOTE, answer_wish, left_of, may_wish, wish_refund

__all__ = [
    "MOST_NOTE",
    "REASONS",
    "answer_wish",
    "approve",
    "ask_bank",
    "ask_refund",
    "chase",
    "close_order",
    "days_due",
    "expire",
    "hear",
    "left_of",
    "may_wish",
    "notice",
    "open_order",
    "pay",
    "reconcile",
    "refuse_refund",
    "send_refund",
    "settle",
    "wish_refund",
]
