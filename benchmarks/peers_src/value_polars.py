"""Count effective services in Polars, as one would by hand: question and answer in JSON."""

import json
import resource
import sys
import time

import polars as pl

asked = json.load(sys.stdin)
began = time.perf_counter()
ended = pl.col("type") == "tongban.cases.ended.v1"
branch = (
    pl.scan_parquet(asked["events"])
    .group_by("chain", "item")
    .agg(
        pl.col("on_behalf_of").first().alias("person"),
        pl.col("organisation").sort_by("occurred").last().alias("department"),
        pl.col("stage").filter(ended).sort_by(pl.col("occurred").filter(ended)).last(),
        pl.col("occurred").filter(ended).max().alias("ended"),
        pl.col("occurred").min().alias("began"),
        (pl.col("type") == "tongban.cases.handed.v1").any().alias("human"),
        (pl.col("type") == "tongban.cases.correction_asked.v1").any().alias("corrected"),
        (pl.col("type") == "tongban.cases.facts_received.v1").any().alias("fetched"),
        pl.len().alias("events"),
    )
    .collect(engine="streaming")
)
judged = (
    branch.with_columns(pl.col("stage").is_in(["granted", "refused"]).alias("decided"))
    .sort("ended", "chain")
    .with_columns(
        (
            pl.col("decided")
            & (
                pl.col("ended").shift(-1).over("person", "item", "decided")
                <= pl.col("ended") + pl.duration(days=asked["within"])
            )
        )
        .fill_null(value=False)
        .alias("repeated")
    )
)
counts = judged.group_by("department", "item").agg(
    (pl.col("decided") & ~pl.col("repeated")).sum().alias("effective"), pl.col("events").sum()
)
answer = {
    "seconds": time.perf_counter() - began,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "effective": counts["effective"].sum(),
}
json.dump(answer, sys.stdout)
