"""Where other systems send people to sign in (OpenID Connect Core 1.0): consent page, discovery.

Nothing is given without the person's click; a session that is too weak for what is asked is sent to
prove more first. Only the code flow with PKCE (S256) is spoken.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.views import AuthorizationView, ConnectDiscoveryInfoView

from tongban.apps.parties import queries as parties
from tongban.apps.parties.sign_on import clients
from tongban.apps.parties.sign_on.claims import SCOPES, needed
from tongban.infra import clock
from tongban.infra.access import sessions
from tongban.infra.access.assurance import ACR, LOWEST, amr, level_of, sentence
from tongban.infra.access.domain import Ruling
from tongban.infra.access.refusing import StepUpNeeded

from .middleware import POLICY
from .pages import language, page, refused, subject_of, words_of

_AT_LEAST = 30  # seconds: a page must be read before it can be sent


class Authorize(AuthorizationView):  # type: ignore[misc]  # the toolkit has no types
    """The authorisation endpoint, with levels of assurance."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show who asks for what; first let the person prove as much as the client wants."""
        if (more := self._more(request)) is not None:
            return more
        shown: HttpResponse = super().get(request, *args, **kwargs)
        return shown

    def form_valid(self, form: Any) -> HttpResponse:
        """Take the answer; the form may name a client that is gone, or never was."""
        try:
            answer: HttpResponse = super().form_valid(form)
        except ObjectDoesNotExist:
            return refused(self.request, [words_of(self.request)["authorize_wrong"]], 400)
        return answer

    def _more(self, request: HttpRequest) -> HttpResponse | None:
        """Give the way to a better or a fresher sign-in where this one does not do."""
        try:
            scopes, _ = self.validate_authorization_request(request)
        except OAuthToolkitError:
            return None  # the toolkit answers
        levels = [n for n in map(level_of, request.GET.get("acr_values", "").split()) if n]
        wanted = max(needed(scopes), min(levels, default=LOWEST))
        how = sessions.signed_in(request)
        age = request.GET.get("max_age", "")
        fresh = True
        if age.isascii() and age.isdigit() and len(age) < 10:
            fresh = (clock.now() - how.at).total_seconds() <= max(int(age), _AT_LEAST)
        if sessions.level_of(request) >= wanted and fresh:
            return None
        where = {"next": request.get_full_path(), "level": str(wanted)}
        return redirect(f"{reverse('step-up' if fresh else 'sign-in')}?{urlencode(where)}")

    def create_authorization_response(
        self, request: HttpRequest, scopes: str, credentials: dict[str, Any], *, allow: bool
    ) -> Any:
        """Give a code that remembers how surely the person is known; tell the trail."""
        level, wanted = sessions.level_of(request), needed(scopes.split())
        if allow and level < wanted:
            zh, en = sentence(wanted)
            raise StepUpNeeded(Ruling(allowed=False, zh=zh, en=en, needs=wanted))
        how = sessions.signed_in(request)
        assurance = {
            "acr": ACR[max(level, LOWEST)],
            "amr": amr(how.methods),
            "auth_time": int(how.at.timestamp()),
        }
        with transaction.atomic():
            answer = super().create_authorization_response(
                request, scopes, {**credentials, "assurance": assurance}, allow
            )
            clients.shared(self.request.user, credentials["client_id"], scopes.split(), level)
        return answer

    def render_to_response(self, context: dict[str, Any], **_kwargs: Any) -> HttpResponse:
        """Show our own pages: the consent page, or what was wrong with what the client sent."""
        request: HttpRequest = self.request
        subject = subject_of(request)
        if "application" not in context:
            lines = [words_of(request)["authorize_wrong"]]
            # for those who run the client: what the standard calls it, in the toolkit's words
            detail = getattr(context.get("error"), "description", "") or "invalid_request"
            told = {"subject": subject, "lines": lines, "detail": detail}
            return page(request, "refused", told, status=400)
        lang, client = language(request), context["application"]
        shown = {
            "subject": subject,
            "form": context["form"],
            "asks_words": words_of(request)["authorize_asks"].format(
                client=client.name, department=parties.department_name(client.sector, lang)
            ),
            "asks": [SCOPES[scope].of(lang) for scope in context["scopes"]],
            "host": urlsplit(context["redirect_uri"]).netloc,
        }
        response = page(request, "authorize", shown)
        # a browser holds the way back to the client to the policy of this form
        back = urlsplit(context["redirect_uri"])
        response["Content-Security-Policy"] = POLICY.replace(
            "form-action 'self'", f"form-action 'self' {back.scheme}://{back.netloc}"
        )
        return response


class Discovery(ConnectDiscoveryInfoView):  # type: ignore[misc]  # the toolkit has no types
    """The provider's metadata (OpenID Connect Discovery 1.0): what is spoken here, and no more."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Give the toolkit's document with our levels and without what we do not sign with."""
        told = json.loads(super().get(request, *args, **kwargs).content)
        told |= {
            "acr_values_supported": list(ACR.values()),
            "claims_supported": sorted({*told["claims_supported"], "acr", "amr", "auth_time"}),
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "revocation_endpoint": settings.ORIGIN + reverse("oauth2_provider:revoke-token"),
            "ui_locales_supported": ["zh-CN", "en"],
        }
        response = JsonResponse(told)
        response["Access-Control-Allow-Origin"] = "*"
        return response
