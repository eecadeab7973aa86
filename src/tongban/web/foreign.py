"""Pages of signing in with a foreign provider (第三方登录), and of linking an account there.

Linking begins with a form of our own, so that no other site can link its account to somebody here.
"""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from tongban.apps.parties.login import accounts
from tongban.apps.parties.login.accounts import Known, NotLinked
from tongban.apps.parties.login.words import LoginRefused
from tongban.infra.access import sessions
from tongban.infra.access.assurance import FOREIGN
from tongban.infra.access.models import User

from .account import number_of, strong
from .pages import language, page, subject_of
from .signing_in import form, signed_in, way_back

_KEPT = "foreign"
_LINKING = "linking"


def _provider(name: str) -> Known:
    found = accounts.providers().get(name)
    if found is None:
        raise Http404
    return found


def _back(name: str) -> str:
    return str(settings.ORIGIN) + reverse("foreign-back", args=[name])


@require_GET
def begin(request: HttpRequest, name: str) -> HttpResponse:
    """Send the browser to the provider."""
    provider = _provider(name)
    try:
        begun = provider.plugin.begin(_back(name))
    except LoginRefused:
        return _failed(request)
    request.session[_KEPT] = {**begun.keep, "provider": name, "next": way_back(request)}
    return redirect(begun.address)


@require_GET
def back(request: HttpRequest, name: str) -> HttpResponse:
    """Sign in whom the provider vouches for, or link the account to who is signed in."""
    provider, kept = _provider(name), request.session.pop(_KEPT, None)
    linking = request.session.pop(_LINKING, "") == name
    if kept is None or kept["provider"] != name:
        return _failed(request)
    try:
        assertion = provider.plugin.finish(kept, request.GET.dict(), _back(name))
        if linking and isinstance(request.user, User):
            accounts.link(request.user, assertion)
            return redirect("account")
        user = accounts.user_for(provider, assertion)
    except NotLinked:
        return page(request, "not_linked", {"subject": subject_of(request)}, status=403)
    except LoginRefused:
        return _failed(request)
    sessions.enter(request, user, FOREIGN, vouched=accounts.believed(provider, assertion))
    return redirect(kept["next"])


def _failed(request: HttpRequest) -> HttpResponse:
    return form(request, "sign_in", failed=True)


@require_POST
@signed_in
def link(request: HttpRequest, user: User) -> HttpResponse:
    """Begin to link an account; the browser then follows a link of its own."""
    strong(request, user)
    provider = _provider(request.POST.get("provider", ""))
    request.session[_LINKING] = provider.name
    shown = {"subject": subject_of(request), "name": provider.name}
    return page(request, "link_account", {**shown, "title": provider.words.of(language(request))})


@require_POST
@signed_in
def unlink(request: HttpRequest, user: User) -> HttpResponse:
    """Forget a linked account."""
    accounts.unlink(user, number_of(request, "link"))
    return redirect("account")
