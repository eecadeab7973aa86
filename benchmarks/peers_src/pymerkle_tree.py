"""Peer: pymerkle 7, in memory: appends, and inclusion proofs (in, out: JSON)."""

import json
import sys
import time

from pymerkle import InmemoryTree

asked = json.load(sys.stdin)
entries = [number.to_bytes(32, "big") for number in range(asked["entries"])]
tree = InmemoryTree(algorithm="sha256")
began = time.perf_counter()
for entry in entries:
    tree.append_entry(entry)
appended = len(entries) / (time.perf_counter() - began)
size, step = len(entries), 7919
places = [1 + number * step % size for number in range(asked["proofs"])]
began = time.perf_counter()
for place in places:
    tree.prove_inclusion(place)
proved = len(places) / (time.perf_counter() - began)
json.dump({"append": appended, "prove": proved}, sys.stdout)
