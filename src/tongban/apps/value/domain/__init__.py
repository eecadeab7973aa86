"""The arithmetic of cost and value: frozen data in, figures out. No file, no clock, no chance."""
