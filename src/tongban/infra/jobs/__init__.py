"""Background work: queued in the caller's transaction, tried again, never lost, never silent."""
