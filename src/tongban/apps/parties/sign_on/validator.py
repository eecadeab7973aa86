"""The rules of our provider on top of django-oauth-toolkit: claims, pairwise names, assurance.

An ID token is given with a code and never with a refresh: it says that somebody is there now.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator

from tongban.apps.parties import queries
from tongban.apps.parties.models import Client, Company, Person, Post
from tongban.infra.access.models import User

from .claims import OPENED_BY

_ASSURANCE = "tongban:assurance"
Claim = Callable[[Any], object]


def subject_for(user: User, client: Client) -> str:
    """Give who this user is at the systems of the client's department."""
    return queries.pseudonym(str(user.pk), client.sector)


def _person(request: Any) -> Person | None:
    return Person.objects.filter(user=request.user).first()


def _name(request: Any) -> str:
    person = _person(request)
    return (person.name if person else "") or request.user.first_name


def _id_number(request: Any) -> str | None:
    person = _person(request)
    return person.id_number if person else None


def _companies(request: Any) -> list[dict[str, str]]:
    rows = Company.objects.filter(representative__user=request.user).order_by("pk")
    return [{"uscc": row.uscc, "name": row.name, "role": "representative"} for row in rows]


def _posts(request: Any) -> list[dict[str, str]]:
    rows = Post.objects.filter(user=request.user).select_related("department").order_by("pk")
    return [
        {"department": p.department_id, "uscc": p.department.uscc, "role": p.role} for p in rows
    ]


class Validator(OAuth2Validator):  # type: ignore[misc]  # the toolkit has no types
    """Django OAuth Toolkit's validator with the claims and rules of this house."""

    oidc_claim_scope: Mapping[str, str] = OPENED_BY

    def get_additional_claims(self) -> dict[str, Claim]:
        """Name every claim with what computes it from a request."""
        return {
            "sub": lambda request: subject_for(request.user, request.client),
            "name": _name,
            "kind": lambda request: request.user.kind,
            "id_number": _id_number,
            "companies": _companies,
            "posts": _posts,
        }

    def get_oidc_claims(self, token: Any, token_handler: Any, request: Any) -> dict[str, Any]:
        """Give what the scopes open, and leave out what does not exist."""
        found = super().get_oidc_claims(token, token_handler, request)
        return {name: value for name, value in found.items() if value not in (None, [], "")}

    def validate_scopes(
        self,
        client_id: str,
        scopes: list[str],
        client: Client,
        request: Any,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Allow what the client was registered for and nothing else; ``openid`` always."""
        return (
            "openid" in scopes
            and set(scopes) <= set(client.scopes)
            and super().validate_scopes(client_id, scopes, client, request, *args, **kwargs)
        )

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        """Take S256 where an authorisation named no method; plain is refused before."""
        return super().get_code_challenge_method(code, request) or "S256"

    def _create_authorization_code(
        self, request: Any, code: Any, expires: datetime | None = None
    ) -> Any:
        # our own key: whatever the client wrote there is overwritten
        asked = request.claims if isinstance(request.claims, dict) else {}
        request.claims = {**asked, _ASSURANCE: request.assurance}
        return super()._create_authorization_code(request, code, expires)

    def get_id_token_dictionary(self, token: Any, token_handler: Any, request: Any) -> Any:
        """Say how surely the person is known, and when it signed in (acr, amr, auth_time)."""
        claims, expires = super().get_id_token_dictionary(token, token_handler, request)
        claims.update(request.claims[_ASSURANCE])
        return claims, expires

    def validate_silent_login(self, request: Any) -> bool:  # noqa: ARG002 - oauthlib's face
        """Leave it to the consent, which is never silent."""
        return True

    def validate_silent_authorization(self, request: Any) -> bool:  # noqa: ARG002
        """Give nothing without the person's click: ``prompt=none`` is answered consent_required."""
        return False

    def refresh_id_token(self, request: Any) -> bool:  # noqa: ARG002 - oauthlib's face
        """Give no ID token with a refresh."""
        return False

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Refuse also where the user's account was closed meanwhile."""
        good = super().validate_refresh_token(refresh_token, client, request, *args, **kwargs)
        return bool(good and request.user.is_active)

    def validate_bearer_token(self, token: str, scopes: list[str], request: Any) -> bool:
        """Refuse also where the user's account was closed meanwhile."""
        good = super().validate_bearer_token(token, scopes, request)
        return bool(good and request.user is not None and request.user.is_active)
