"""The API of an installation: all routers, one shape of refusal, a page that names no other host.

Only refusals are made here. What nobody foresaw is not dressed up as one: it goes to the log and
gives 500.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from tongban.apps.cases import api as cases
from tongban.apps.cases import errors
from tongban.apps.cases.api import designing
from tongban.apps.exchange import consents, files, grants, requests
from tongban.apps.exchange.api import catalogue, governing, health
from tongban.apps.exchange.catalogue import errors as registry
from tongban.apps.exchange.domain.registry import EntryInvalid
from tongban.apps.exchange.domain.requests import ActionRefused, NotForYou
from tongban.apps.fees import api as fees
from tongban.apps.fees import errors as fee_errors
from tongban.apps.forecast import api as forecast
from tongban.apps.items import api as items_api
from tongban.apps.items import queries as items
from tongban.apps.items import translations_api as translations
from tongban.apps.items.errors import TooManyQuestions, TranslationDenied, TranslationRefused
from tongban.apps.items.workshop import errors as workshop
from tongban.apps.licences import errors as licence_errors
from tongban.apps.licences.api import people as licences
from tongban.apps.parties import api as parties
from tongban.apps.parties.asking import CallRefused
from tongban.apps.parties.domain import DelegationRefused
from tongban.apps.voice import api as voice
from tongban.apps.voice.domain import RatingRefused, RatingsClosed
from tongban.infra.access.assurance import ACR
from tongban.infra.access.refusing import StepUpNeeded
from tongban.infra.api import Problem, Sentence, SessionAuth, TokenAuth
from tongban.infra.messages.services import ChannelRefused
from tongban.kernel.codes import CodeError
from tongban.kernel.events import EventInvalid
from tongban.kernel.facts import FactInvalid, UnknownFact

api = NinjaAPI(
    title="通办 Tongban API",
    version=version("tongban"),
    description=(
        "一次申请，全程网办。Apply once: what government knows is fetched, what rules can decide "
        "is decided at once. 语言 Language: `?lang=zh|en` 或 `Accept-Language`. 身份 Identity: a "
        "signed-in session with its CSRF token, or `Authorization: Bearer tb_…`. 代理 Acting for "
        "another: `Tongban-On-Behalf: <delegation>`. 用途 What for: `Tongban-Purpose`. Where 401 "
        "says `insufficient_user_authentication`, sign in more surely (RFC 9470)."
    ),
    auth=[TokenAuth(), SessionAuth()],
    urls_namespace="api",
)
api.add_router("", cases.router)
api.add_router("", parties.router)
api.add_router("/catalogue", catalogue.router)
api.add_router("", governing.router)
api.add_router("", health.router)
api.add_router("", licences.router)
api.add_router("", items_api.router)
api.add_router("", translations.router)
api.add_router("", designing.router)
api.add_router("", fees.router)
api.add_router("", voice.router)
api.add_router("", forecast.router)

_REFUSED: Mapping[type[Exception], tuple[int, str]] = {
    errors.SubmissionInvalid: (422, "submission_invalid"),
    errors.DraftMoved: (409, "draft_moved"),
    errors.DraftUnknown: (404, "draft_unknown"),
    errors.CaseMoved: (409, "case_moved"),
    errors.CaseRefused: (409, "case_refused"),
    errors.NotAllowed: (403, "not_allowed"),
    errors.CaseUnknown: (404, "case_unknown"),
}
_CATALOGUE: Mapping[type[registry.CatalogueError], tuple[int, str]] = {
    registry.ResourceUnknown: (404, "resource_unknown"),
    registry.ResourceRefused: (409, "resource_refused"),
    registry.ResourceMoved: (409, "resource_moved"),
    registry.ResourceDenied: (403, "not_allowed"),
    registry.SearchInvalid: (422, "search_invalid"),
}
_LICENCES: Mapping[type[licence_errors.LicenceError], tuple[int, str]] = {
    licence_errors.LicenceUnknown: (404, "licence_unknown"),
    licence_errors.NotAllowed: (403, "not_allowed"),
    licence_errors.LicenceNotValid: (409, "licence_not_valid"),
    licence_errors.NotShowable: (422, "claim_unknown"),
    licence_errors.FaceNotMade: (409, "face_not_made"),
}
_FEES: Mapping[type[fee_errors.FeeError], tuple[int, str]] = {
    fee_errors.FeeUnknown: (404, "fee_unknown"),
    fee_errors.FeeRefused: (409, "fee_refused"),
    fee_errors.NotAllowed: (403, "not_allowed"),
    fee_errors.BankSilent: (503, "bank_silent"),
    fee_errors.BankRefused: (502, "bank_refused"),
    fee_errors.ProviderMissing: (503, "no_bank"),
}
_PLAIN: Mapping[type[Exception], tuple[int, str, str, str]] = {
    requests.RequestUnknown: (404, "request_unknown", "没有此申请", "there is no such request"),
    requests.RequestMoved: (
        *(409, "request_moved", "申请刚刚被他人办理，请刷新后再办"),
        "somebody else just handled the request; read it again",
    ),
    grants.GrantUnknown: (404, "grant_unknown", "没有此有效授权", "no such grant is in force"),
    consents.ConsentUnknown: (404, "consent_unknown", "没有此同意", "you gave no such consent"),
    Http404: (404, "not_found", "没有这个地址", "there is nothing at this address"),
    ObjectDoesNotExist: (404, "not_found", "没有这项内容", "there is no such thing"),
    RequestDataTooBig: (413, "too_large", "请求过大，请压缩材料", "too large: send smaller files"),
    SuspiciousOperation: (422, "body_unreadable", "请求无法读取", "the request cannot be read"),
    BadRequest: (422, "body_unreadable", "请求无法读取", "the request cannot be read"),
    EventInvalid: (422, "value_unfit", "取值不能存证", "a value cannot be kept as evidence"),
    CodeError: (422, "number_invalid", "号码不正确，请核对", "the number is not right"),
    UnknownFact: (422, "fact_unknown", "没有此数据项", "there is no such fact"),
}
_HTTP: Mapping[int, tuple[str, str, str]] = {
    401: ("not_signed_in", "请先登录，或出示有效令牌", "sign in, or show a valid token"),
    403: ("not_allowed", "页面已失效，请刷新后重试", "reload the page: its CSRF token is missing"),
    400: ("body_unreadable", "请求体不是JSON", "the body is not JSON"),
}
# What pydantic finds, in Chinese; its own words serve for English.
_FAULTS: Mapping[str, str] = {
    "missing": "缺少此项",
    "extra_forbidden": "没有此项，请删去",
    "string_pattern_mismatch": "格式不正确",
    "blank": "请写明理由，不能只有空格",
    "string_too_long": "过长",
    "string_too_short": "过短",
    "too_long": "过多",
    "string_type": "请填写文字",
    "string_unicode": "含有不完整的字符",
    "int_type": "请填写整数",
    "bool_type": "请回答是或否",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "literal_error": "请选择所列之一",
    "greater_than_equal": "过小",
    "less_than_equal": "过大",
}


def _refuse(
    request: HttpRequest,
    status: int,
    error: str,
    zh: str,
    en: str,
    fields: Mapping[str, Sentence] | None = None,
) -> HttpResponse:
    problem = Problem(error=error, zh=zh, en=en, fields=dict(fields or {}))
    response = api.create_response(request, problem.model_dump(), status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="tongban"'
    return response


def _fields(found: Sequence[Mapping[str, Any]]) -> dict[str, Sentence]:
    """Give a sentence for each faulty place, named as the caller wrote it."""
    fields: dict[str, Sentence] = {}
    for fault in found:
        place = ".".join(str(part) for part in fault["loc"] if part not in {"body", "[key]"})
        sentence = Sentence(zh=_FAULTS.get(fault["type"], "取值不符合要求"), en=fault["msg"])
        # a name that is half a character cannot be said back
        fields[place.encode(errors="replace").decode()[:200]] = sentence
    return fields


def _invalid(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    found = error.errors if isinstance(error, ValidationError) else []
    fields = _fields(found)
    return _refuse(
        request, 422, "request_invalid", "请更正所列各项", "correct the fields listed", fields
    )


def _http(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    status = error.status_code if isinstance(error, HttpError) else 400
    code, zh, en = _HTTP[status]
    return _refuse(request, 422 if status == 400 else status, code, zh, en)


def _case(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, errors.CaseError):
        raise TypeError(error)
    status, code = next(_REFUSED[kind] for kind in type(error).__mro__ if kind in _REFUSED)
    named = getattr(error, "fields", {})
    fields = {name: Sentence(zh=zh, en=en) for name, (zh, en) in named.items()}
    return _refuse(request, status, code, error.zh, error.en, fields)


def _fact(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, FactInvalid):
        raise TypeError(error)
    fields = {error.fact: Sentence(zh=error.zh, en=error.en)}
    zh, en = "请更正所列各项", "correct the fields listed"
    return _refuse(request, 422, "submission_invalid", zh, en, fields)


def _catalogue(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, registry.CatalogueError):
        raise TypeError(error)
    status, code = _CATALOGUE[type(error)]
    return _refuse(request, status, code, error.zh, error.en)


def _licence(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, licence_errors.LicenceError):
        raise TypeError(error)
    status, code = _LICENCES[type(error)]
    return _refuse(request, status, code, error.zh, error.en)


def _fee(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, fee_errors.FeeError):
        raise TypeError(error)
    status, code = _FEES[type(error)]
    return _refuse(request, status, code, error.zh, error.en)


def _entry(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, EntryInvalid):
        raise TypeError(error)
    fields = {fault.place: Sentence(zh=fault.zh, en=fault.en) for fault in error.faults}
    zh, en = "请更正所列各项", "correct the fields listed"
    return _refuse(request, 422, "entry_invalid", zh, en, fields)


def _sharing(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if isinstance(error, requests.RequestInvalid):
        fields = {name: Sentence(zh=zh, en=en) for name, (zh, en) in error.fields.items()}
        zh, en = "请更正所列各项", "correct the fields listed"
        return _refuse(request, 422, "request_invalid", zh, en, fields)
    if isinstance(error, files.FileInvalid):
        return _refuse(request, 422, "file_invalid", error.zh, error.en)
    if not isinstance(error, ActionRefused):
        raise TypeError(error)
    yours = not isinstance(error, NotForYou)
    status, code = (409, "action_refused") if yours else (403, "not_allowed")
    return _refuse(request, status, code, error.zh, error.en)


def _delegation(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, DelegationRefused):
        raise TypeError(error)
    return _refuse(request, 409, "delegation_refused", error.zh, error.en)


def _caller(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, CallRefused):
        raise TypeError(error)
    return _refuse(request, 403, "not_allowed", error.zh, error.en)


def _unheard(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, ChannelRefused | RatingRefused):
        raise TypeError(error)
    if isinstance(error, RatingsClosed):
        return _refuse(request, 403, "not_allowed", error.zh, error.en)
    code = "channel_refused" if isinstance(error, ChannelRefused) else "rating_refused"
    return _refuse(request, 409, code, error.zh, error.en)


def _translation(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, TranslationRefused):
        raise TypeError(error)
    if isinstance(error, TranslationDenied):
        return _refuse(request, 403, "not_allowed", error.zh, error.en)
    return _refuse(request, 409, "translation_refused", error.zh, error.en)


def _workshop(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, workshop.WorkshopError):
        raise TypeError(error)
    known = {
        workshop.DraftUnknown: (404, "draft_unknown"),
        workshop.WorkshopDenied: (403, "not_allowed"),
        workshop.DraftClosed: (409, "draft_closed"),
        workshop.EditedMeanwhile: (409, "edited_meanwhile"),
        workshop.DraftNotReady: (409, "draft_not_ready"),
    }
    status, code = known.get(type(error), (409, "workshop_refused"))
    return _refuse(request, status, code, error.zh, error.en)


def _unpublished(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, items.NotPublished):
        raise TypeError(error)
    return _refuse(request, 404, "not_published", error.zh, error.en)


def _too_many(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if not isinstance(error, TooManyQuestions):
        raise TypeError(error)
    response = _refuse(request, 429, "too_many", error.zh, error.en)
    response["Retry-After"] = "60"
    return response


def _step_up(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """Ask for a stronger sign-in, as RFC 9470 has it."""
    if not isinstance(error, StepUpNeeded):
        raise TypeError(error)
    response = _refuse(request, 401, "step_up_needed", error.zh, error.en)
    response["WWW-Authenticate"] = (
        'Bearer realm="tongban", error="insufficient_user_authentication", '
        f'acr_values="{ACR[error.level]}"'
    )
    return response


def _plain(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    kind = type(error) if isinstance(error, Exception) else error
    status, code, zh, en = next(_PLAIN[k] for k in kind.__mro__ if k in _PLAIN)
    return _refuse(request, status, code, zh, en)


api.add_exception_handler(ValidationError, _invalid)
api.add_exception_handler(HttpError, _http)
api.add_exception_handler(errors.CaseError, _case)
api.add_exception_handler(registry.CatalogueError, _catalogue)
api.add_exception_handler(licence_errors.LicenceError, _licence)
api.add_exception_handler(fee_errors.FeeError, _fee)
api.add_exception_handler(EntryInvalid, _entry)
api.add_exception_handler(ActionRefused, _sharing)
api.add_exception_handler(requests.RequestInvalid, _sharing)
api.add_exception_handler(files.FileInvalid, _sharing)
api.add_exception_handler(FactInvalid, _fact)
api.add_exception_handler(CallRefused, _caller)
api.add_exception_handler(DelegationRefused, _delegation)
api.add_exception_handler(ChannelRefused, _unheard)
api.add_exception_handler(RatingRefused, _unheard)
api.add_exception_handler(TranslationRefused, _translation)
api.add_exception_handler(workshop.WorkshopError, _workshop)
api.add_exception_handler(items.NotPublished, _unpublished)
api.add_exception_handler(StepUpNeeded, _step_up)
api.add_exception_handler(TooManyQuestions, _too_many)
for _kind in _PLAIN:
    api.add_exception_handler(_kind, _plain)


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """Refuse an address below /api/ that is nobody's, in the one shape."""
    return _plain(request, Http404)
