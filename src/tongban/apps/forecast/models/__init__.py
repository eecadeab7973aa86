"""The rungs of the ladder: one small file a model, all behind one protocol."""
