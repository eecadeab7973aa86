"""Cases (办件): one submission, its branches, both clocks, decisions and delivery."""
