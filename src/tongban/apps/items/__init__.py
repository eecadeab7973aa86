"""Service items and life events (事项与一件事): frozen, versioned definitions from region packs."""
