"""Commands of the node, each a thin cover of what it shows; none loads Django."""
