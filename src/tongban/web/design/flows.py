"""A flow of a draft (流程): drawn with what stands against it, replaced by a file, saved as one.

A flow is drawn in any BPMN editor and brought here; what is refused is said at its element, and
the draft keeps what it had.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.items.workshop import queries, services
from tongban.apps.items.workshop.domain import LONGEST
from tongban.apps.items.workshop.errors import WorkshopError
from tongban.infra.access.domain import Subject
from tongban.kernel.nets import FlowError, Net, compile_net, prove, read_bpmn
from tongban.web.components import Field
from tongban.web.design.drafts import file_url
from tongban.web.design.frame import designer
from tongban.web.desk.forms import wrong
from tongban.web.desk.frame import address, said, show
from tongban.web.drawing import (
    ELDER_SCALE,
    SCALE,
    DrawingRefused,
    draw,
    judge,
    marks_of,
    read_drawing,
)
from tongban.web.pages import language, missing, view_of, words_of

_DEEPEST = 8  # flows that call flows


@require_http_methods(["GET", "POST"])
@designer
def flow(request: HttpRequest, subject: Subject, draft: str, slug: str) -> HttpResponse:
    """Show a flow of a draft; take another file in its place."""
    path, t = f"flows/{slug}.bpmn", words_of(request)
    found = queries.text_of(subject, draft, path)
    hint = t["design_flow_file_hint"]
    field = Field("file", t["design_flow_file"], "file", hint=hint, accept=".bpmn,.xml")
    if request.method == "GET":
        return _show(request, subject, draft, slug, [field])
    text, told = _uploaded(request, path)
    if told:
        again = wrong([field], {"file": ""}, {"file": told})
        return _show(request, subject, draft, slug, again, status=422)
    try:
        services.write(subject, draft, path, text, request.POST.get("seen", found.digest))
    except WorkshopError as refused:
        lines = [said(request, refused)]
        return _show(request, subject, draft, slug, [field], lines=lines, status=409)
    return redirect(address("design-flow", draft, slug))


@require_GET
@designer
def flow_file(request: HttpRequest, subject: Subject, draft: str, slug: str) -> HttpResponse:
    """Give the file of a flow as the draft has it, for an editor of BPMN."""
    text = queries.text_of(subject, draft, f"flows/{slug}.bpmn").text
    if text is None:
        return missing(request)
    answer = HttpResponse(text.encode(), content_type="application/xml")
    disposition = content_disposition_header(as_attachment=True, filename=f"{slug}.bpmn")
    answer["Content-Disposition"] = disposition or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _uploaded(request: HttpRequest, path: str) -> tuple[str, str]:
    """Give the text that was brought, or why it is not taken."""
    t, given = words_of(request), request.FILES.get("file")
    if given is None or not given.size:
        return "", t["design_flow_none"]
    if given.size > LONGEST:
        return "", str(t["design_flow_large"]).format(most=LONGEST // 1000)
    data = given.read()
    try:
        read_drawing(data, path)
        return data.decode(), ""
    except DrawingRefused as refused:
        return "", said(request, refused)
    except UnicodeDecodeError:
        return "", t["design_flow_not_utf8"]


def _called(subject: Subject, draft: str, data: bytes, path: str, deep: int = 0) -> dict[str, Net]:
    """Give the nets of the flows that a flow calls, as far as they are there and sound."""
    try:
        calls = {node.calls for node in read_bpmn(data, path).nodes.values() if node.calls}
    except FlowError:
        return {}
    nets = {}
    for name in calls if deep < _DEEPEST else ():
        inner, text = f"flows/{name}.bpmn", queries.flow_text(subject, draft, name)
        if text is None:
            continue
        try:
            read = read_bpmn(text.encode(), inner)
            net = compile_net(read, _called(subject, draft, text.encode(), inner, deep + 1))
            prove(net)
        except FlowError:
            continue
        nets[name] = net
    return nets


def _show(
    request: HttpRequest,
    subject: Subject,
    draft: str,
    slug: str,
    fields: list[Field],
    *,
    lines: Any = (),
    status: int = 200,
) -> HttpResponse:
    path, lang = f"flows/{slug}.bpmn", language(request)
    view, t = view_of(request), words_of(request)
    about, found = queries.draft(subject, draft), queries.text_of(subject, draft, path)
    shown: dict[str, Any] = {
        "draft": about,
        "slug": slug,
        "seen": found.digest,
        "fields": fields,
        "lines": lines,
        "here": address("design-flow", draft, slug),
        "file": address("design-flow-file", draft, slug) if found.text is not None else "",
        "as_text": file_url(draft, path, text="1"),
        "findings": [],
    }
    if found.text is not None:
        data = found.text.encode()
        try:
            drawing = read_drawing(data, path)
        except DrawingRefused as refused:  # a draft may hold what somebody broke by hand
            shown["lines"] = [*lines, said(request, refused)]
        else:
            findings = judge(data, path, _called(subject, draft, data, path))
            blamed = {one.element for one in findings}
            says = str(t["flow_findings_says"]).format(n=len(findings))
            shown["findings"] = findings
            shown["flow"] = {
                "name": drawing.called(lang),
                "svg": draw(
                    drawing,
                    marks_of(findings),
                    lang=lang,
                    scale=ELDER_SCALE if view.elder else SCALE,
                    says=says,
                ),
                "rows": [
                    {
                        "name": step.called(lang) or step.id,
                        "tone": "alert" if step.id in blamed else "quiet",
                        "state": t["flow_wrong"] if step.id in blamed else t["flow_right"],
                    }
                    for step in drawing.steps
                ],
                "signs": [],
            }
    return show(request, subject, "design_flow", shown, status)
