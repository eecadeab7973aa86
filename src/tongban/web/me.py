"""The page "me" (我的): one door to everything of one's own; and the accessibility statement."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from .pages import acting_subject, page, subject_of, words_of

# what stands behind the door: (address, word, icon), for a person and for an official
_OWN = (
    ("my-cases", "home_title", "file"),
    ("licences", "licences_link", "licence"),
    ("looks", "data_title", "lock"),
    ("fees", "fees_title", "done"),
    ("calendar", "calendar", "wait"),
    ("delegations", "delegations", "help"),
    ("companies", "company_title", "company"),
    ("account", "account", "me"),
)
_OF_A_PERSON = frozenset({"licences", "looks", "fees", "calendar", "companies"})
_OFFICIAL = (
    ("file", "file_title", "find"),
    ("catalogue", "catalogue_link", "services"),
    ("requests", "requests_title", "file"),
    ("health", "health_link", "alert"),
)
_OF_A_ROLE = (
    ("admin", "users", "users", "me"),
    ("admin", "posts", "posts", "desk"),
    ("publisher", "design", "design_tab", "file"),
)


@require_GET
def me(request: HttpRequest) -> HttpResponse:
    """Show the doors to one's cases, licences, data, delegations and account."""
    subject = acting_subject(request)
    if subject is None:
        return redirect(f"{reverse('sign-in')}?next={reverse('me')}")
    t = words_of(request)
    doors = [door for door in _OWN if subject.person_id or door[0] not in _OF_A_PERSON]
    doors += _OFFICIAL if subject.posts else _OFFICIAL[1:2]
    held = {post.role for post in subject.posts}
    doors += [door for role, *door in _OF_A_ROLE if role in held]  # type: ignore[misc]
    rows = [{"url": reverse(name), "name": t[word], "icon": icon} for name, word, icon in doors]
    return page(request, "me", {"subject": subject, "doors": rows})


@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """State what was done so that everybody can use the pages, what is short, and whom to tell."""
    return page(request, "accessibility", {"subject": subject_of(request)})
