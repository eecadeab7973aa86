"""The proofs that the Certificate Transparency project publishes hold here too, and no bent one."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tongban.kernel.merkle import verify_consistency, verify_inclusion


def digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def read(found: Any, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(Path(found).glob(f"{kind}_*.json")):
        case = json.loads(path.read_text())
        case["proof"] = [b64decode(part) for part in case["proof"] or []]
        for name in ("root", "root1", "root2", "leafHash"):
            if name in case:
                case[name] = b64decode(case[name])
        yield path.name, case


def holds(case: dict[str, Any]) -> bool:
    if "leafIdx" in case:
        return verify_inclusion(
            case["leafHash"],
            case["leafIdx"],
            case["treeSize"],
            case["proof"],
            case["root"],
            digest,
        )
    return verify_consistency(
        case["size1"], case["size2"], case["proof"], case["root1"], case["root2"], digest
    )


def bent(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every way to bend a proof: each bit of each hash; a step more, less, twice, cut, swapped; an
    index beyond the tree; a node taken for a leaf; another size."""
    proof = case["proof"]
    for at, part in enumerate(proof):
        for bit in range(8 * len(part)):
            flipped = (int.from_bytes(part, "big") ^ 1 << bit).to_bytes(len(part), "big")
            yield {**case, "proof": [*proof[:at], flipped, *proof[at + 1 :]]}
        for other in range(at):
            swapped = list(proof)
            swapped[at], swapped[other] = swapped[other], swapped[at]
            yield {**case, "proof": swapped}
        yield {**case, "proof": [*proof[:at], part[:-1], *proof[at + 1 :]]}
        yield {**case, "proof": [*proof[:at], *proof[at + 1 :]]}
        yield {**case, "proof": [*proof[:at], part, *proof[at:]]}
    yield {**case, "proof": [*proof, digest(b"more")]}
    for name in ("root", "root1", "root2", "leafHash"):
        if name in case:
            yield {**case, name: digest(case[name])}
    if "leafIdx" in case:
        yield {**case, "leafIdx": case["leafIdx"] + 1}
        yield {**case, "leafIdx": -1}
        yield {**case, "leafIdx": case["treeSize"]}
        yield {**case, "treeSize": case["leafIdx"]}
        # the node above two hashes, offered as if it were the leaf
        pair = (case["leafHash"], *proof[:1])
        yield {**case, "leafHash": digest(b"\x01" + b"".join(pair)), "proof": proof[1:]}
        yield {**case, "leafHash": digest(b"\x00" + b"".join(pair)), "proof": proof[1:]}
    else:
        yield {**case, "size1": 0}
        yield {**case, "size1": case["size2"] + 1}


def test_published_proofs_hold_and_bent_ones_fail(test_data: Callable[[str], Path]) -> None:
    folder = test_data("merkle")
    cases = [*read(folder, "inclusion"), *read(folder, "consistency")]
    assert len(cases) == 12
    for name, case in cases:
        assert holds(case) is not case["wantErr"], name
        assert not any(holds(other) for other in bent(case)), name
