"""The package sd-jwt on the same claims and keys: how often a CPU second."""

import json
import sys
import time

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

question = json.load(sys.stdin)
issuer, holder = JWK.from_json(question["issuer"]), JWK.from_json(question["holder"])
public = JWK.from_json(issuer.export_public())
bound = JWK.from_json(holder.export_public())
hidden = {SDObj(name): value for name, value in question["hidden"].items()}
clear = question["clear"]
AUDIENCE, NONCE = question["audience"], question["nonce"]


def issue() -> str:
    return SDJWTIssuer({**clear, **hidden}, issuer, bound).sd_jwt_issuance


def present(text: str, *, prove: bool) -> str:
    held = SDJWTHolder(text)
    told = {"nonce": NONCE, "aud": AUDIENCE, "holder_key": holder} if prove else {}
    held.create_presentation(dict.fromkeys(question["hidden"], True), **told)
    return held.sd_jwt_presentation


def verify(shown: str, *, proved: bool) -> dict:
    told = {"expected_aud": AUDIENCE, "expected_nonce": NONCE} if proved else {}
    return SDJWTVerifier(shown, lambda *_: public, **told).get_verified_payload()


def rate(times: int, act) -> float:
    best = 0.0
    for _ in range(3):
        began = time.process_time()
        for _ in range(times):
            act()
        best = max(best, times / (time.process_time() - began))
    return best


text = issue()
bare, whole = present(text, prove=False), present(text, prove=True)
told = verify(whole, proved=True)
missing = [name for name in question["hidden"] if told[name] != question["hidden"][name]]
if missing:
    raise SystemExit(f"not shown: {missing}")
times = question["times"]
print(
    json.dumps(
        {
            "issue": rate(times, issue),
            "present": rate(times, lambda: present(text, prove=True)),
            "verify": rate(times, lambda: verify(whole, proved=True)),
            "bare": rate(times, lambda: verify(bare, proved=False)),
        }
    )
)
