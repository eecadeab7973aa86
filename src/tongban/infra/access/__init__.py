"""Who may do what: users, tokens, and one judge that denies by default."""
