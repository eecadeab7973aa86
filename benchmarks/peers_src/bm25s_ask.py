"""Rank passages for questions by bm25s over character grams; JSON in, JSON out."""

import json
import sys
import time

import bm25s

asked = json.load(sys.stdin)
index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
index.index(asked["documents"], show_progress=False)
size = len(asked["documents"])
ranked, times = [], []
for tokens in asked["questions"]:
    began = time.process_time()
    if tokens:
        scores = index.get_scores(tokens)
        order = sorted(range(size), key=lambda n: (-scores[n], n))[: asked["most"]]
    else:
        order = []
    times.append(time.process_time() - began)
    ranked.append(order)
json.dump({"ranked": ranked, "times": times}, sys.stdout)
