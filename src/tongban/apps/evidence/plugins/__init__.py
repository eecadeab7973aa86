"""What evidence may be given from outside: a time-stamp authority, and places for checkpoints."""
