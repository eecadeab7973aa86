"""Fees (收费): orders, payments at a bank, receipts, refunds, and the daily reconciliation.

Money that people pay in; what government pays out is another ledger (`apps.cases.payments`).
"""
