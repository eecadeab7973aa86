"""What wallets post: OpenID4VCI 1.0 (token, nonce, credential) and OpenID4VP 1.0 (direct post).

Refusals have the standards' shape. Nothing here reads a cookie, so no page can act for its visitor.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tongban.apps.licences.services import asking, showing, wallets
from tongban.apps.licences.services.wallets import WalletRefused

_LARGEST = 512 * 1024
_REQUEST = frozenset({"credential_configuration_id", "proofs"})
View = Callable[..., HttpResponse]


def _answer(told: Mapping[str, Any], status: int = 200) -> HttpResponse:
    response = JsonResponse(told, status=status)
    response["Cache-Control"] = "no-store"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _wallet(view: View) -> View:
    """Take posts alone, bounded, and say refusals as the standards do."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, *places: str, **named: str) -> HttpResponse:
        try:
            _bounded(request)
            return view(request, *places, **named)
        except WalletRefused as refused:
            told = {"error": refused.error, "error_description": refused.told}
            response = _answer(told, refused.status)
            if refused.status == 401:
                response["WWW-Authenticate"] = f'Bearer error="{refused.error}"'
            return response

    return guarded


def _bounded(request: HttpRequest) -> None:
    if len(request.body) > _LARGEST:
        raise WalletRefused("invalid_request", f"send at most {_LARGEST} bytes", 413)


@_wallet
def token(request: HttpRequest) -> HttpResponse:
    """Change a pre-authorized code for an access token (section 6)."""
    form = request.POST
    if any(len(form.getlist(name)) > 1 for name in form):
        raise WalletRefused("invalid_request", "a parameter is there twice")
    secret = wallets.token(
        form.get("grant_type", ""), form.get("pre-authorized_code", ""), form.get("tx_code", "")
    )
    return _answer(
        {"access_token": secret, "token_type": "Bearer", "expires_in": wallets.TOKEN_SECONDS}
    )


@_wallet
def nonce(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Give a nonce for a proof of possession (section 7)."""
    return _answer({"c_nonce": showing.challenge(wallets.USE)})


@_wallet
def credential(request: HttpRequest) -> HttpResponse:
    """Give the licence, signed for the key that is proved (section 8)."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise WalletRefused("invalid_token", "show the access token", 401)
    told = _object(request.body)
    if told.keys() != _REQUEST:
        raise WalletRefused(
            "invalid_credential_request", f"send {', '.join(sorted(_REQUEST))} and nothing else"
        )
    named, proofs = told["credential_configuration_id"], told["proofs"]
    jwts = proofs.get("jwt") if isinstance(proofs, dict) and len(proofs) == 1 else None
    if not isinstance(jwts, list) or not all(isinstance(one, str) for one in jwts):
        raise WalletRefused("invalid_proof", "proofs holds jwt, a list of proofs, and nothing else")
    text = wallets.credential(secret, named if isinstance(named, str) else "", jwts)
    return _answer({"credentials": [{"credential": text}]})


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise WalletRefused("invalid_credential_request", "the body is not a JSON object")
    return told


@_wallet
def answer(request: HttpRequest, state: str) -> HttpResponse:
    """Take what a wallet shows, or that it shows nothing (OpenID4VP 1.0, section 8.2)."""
    form = request.POST
    if form.get("state") != state:
        raise WalletRefused("invalid_request", "state is not that of the question")
    try:
        if "error" in form:
            asking.declined(state)
        else:
            asking.answer(state, _presented(form.get("vp_token", "")))
    except asking.AnswerRefused as refused:
        raise WalletRefused("invalid_request", str(refused)) from refused
    # what was found of it is the asker's to know, not the wallet's
    return _answer({})


def _presented(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
