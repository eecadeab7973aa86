"""Policies that find people: whoever is entitled is paid without applying (免申即享)."""
