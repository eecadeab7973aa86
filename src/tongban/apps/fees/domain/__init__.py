"""The words of fees, pure: what a bank says and what follows, the ledger, receipts, reconciling."""
