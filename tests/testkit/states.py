"""An office in which every page has something to show: people of every role, cases, licences.

Everything is made by the services. The numbers that addresses of pages are made from, and people
by their role, come back by name; whoever adds a page that needs a state adds it here.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.test import override_settings

from testkit.banks import RunningBank, open_bank, set_up
from testkit.fees import ask
from testkit.office import Office
from testkit.outside import BANK, OWN, SECRET
from testkit.papers import base64_of, one_page
from tongban.apps.cases import services as cases
from tongban.apps.exchange import requests
from tongban.apps.exchange.catalogue import services as catalogue
from tongban.apps.exchange.models import Consent
from tongban.apps.fees import queries as fees
from tongban.apps.fees import services as paying
from tongban.apps.items import queries as items
from tongban.apps.items import translating
from tongban.apps.items.workshop import queries as drafts
from tongban.apps.items.workshop import services as workshop
from tongban.apps.licences import queries as licences
from tongban.apps.licences import services as licensing
from tongban.apps.parties import delegating, queries
from tongban.apps.parties.delegating import Named, Scope
from tongban.apps.parties.services import register_company
from tongban.apps.parties.sign_on import clients
from tongban.apps.voice import services as voice
from tongban.apps.voice.domain import Opinion
from tongban.config.keeper import Keeper
from tongban.infra import clock
from tongban.infra.access import users
from tongban.infra.access.domain import Subject
from tongban.infra.jobs import services as jobs
from tongban.infra.messages import queries as messages
from tongban.infra.packs import shipped_packs
from tongban.infra.trail import relay
from tongban.samplebank.config import read_config
from tongban.samplebank.store import Store

FIRM = "91330106MA2CNQX001"
BACK = "http://127.0.0.1:9/back"  # where a client takes people back to; nobody goes there

#: Posts that pages are seen from: role on the page list → department and role.
POSTS: Mapping[str, tuple[str, str]] = {
    "clerk": ("medical-insurance", "clerk"),
    "reviewer": ("medical-insurance", "reviewer"),
    "approver": ("medical-insurance", "approver"),
    "data-reviewer": ("data-bureau", "reviewer"),
    "issuer": ("health", "approver"),
    "publisher": ("data-bureau", "publisher"),
    "admin": ("data-bureau", "admin"),
    "fee-clerk": ("police", "clerk"),
    "cashier": ("police", "approver"),
    "treasurer": ("tax", "approver"),
}
#: People who are no more than a name to their accounts: nobody has seen who they are.
UNSEEN = frozenset({"novice"})
_APPOINTED = ("publisher", "admin")  # roles that no pack names anybody for
_INVITED = "data.invited"  # who has an invitation signs in nowhere: its page sets a password


@dataclass(frozen=True)
class States:
    """``numbers`` fill the addresses of pages; ``people`` are the subjects by role."""

    numbers: Mapping[str, str]
    people: Mapping[str, Subject]


def furnish(office: Office) -> States:
    """Make the states in this office; give their numbers and its people."""
    for role in _APPOINTED:
        office.appoint(*POSTS[role], f"data.{role}")
    office.appoint("data-bureau", "clerk", _INVITED)
    people = {role: office.official(*post) for role, post in POSTS.items()}
    people["citizen"] = citizen = office.applicant("newborn")
    people["agent"] = agent = office.applicant("newborn", 2)
    people["neighbour"] = office.applicant("newborn", 1)
    people["elder"] = office.applicant("old-age-allowance")
    people["novice"] = office.applicant("newborn", 5)
    people["careful"] = office.applicant("newborn", 6)
    people["guard"] = office.appoint("tax", "clerk", "tax.guard")
    numbers = {
        "case": office.submit("newborn"),
        "asked": office.submit("newborn", 1, child__card_bank=None),
        "request": _request(people["clerk"]),
        "taken": _request(people["clerk"], "relief-inquiry"),
        "delegation": _delegation(citizen, agent),
        "invited": users.invite(_INVITED, actor=people["admin"].user_id),
        "login": "data.publisher",
        "client": clients.register(
            "医疗保障局预约系统", "medical-insurance", [BACK], ["openid", "profile"], actor="test"
        ).client_id,
        "own": _own_provider(office),
        "drafted": _drafted(people["fee-clerk"]),
    }
    requests.act(people["data-reviewer"], numbers["taken"], requests.Action.TAKE)
    numbers["agent_number"] = queries.id_number(agent.person_id)
    numbers["papers"] = _papers(office, people)
    numbers |= _licences(citizen, numbers["case"])
    numbers |= _own(office, people, numbers["case"])
    numbers |= _read(office, people, numbers["case"])
    numbers |= _designed(people["publisher"])
    numbers |= _sheet(people["publisher"])
    numbers["consent"] = Consent.objects.get(case=numbers["asked"]).number
    numbers["given"] = Consent.objects.get(case=numbers["case"]).number
    return States(numbers, people)


def _papers(office: Office, people: dict[str, Subject]) -> str:
    """Let a family hand in an invoice as PDF, because its child was born outside the city."""
    people["sender"] = office.applicant("newborn", 4)
    other = "UPDATE CSYXXX SET SFBSCS = 1 - SFBSCS"
    office.write("health", other)
    invoice = base64_of(one_page())
    upload = cases.Upload("hospital-invoice-elsewhere", "票据.pdf", "", invoice)
    number = office.submit("newborn", 4, uploads=[upload])
    office.write("health", other)
    return number


def _own(office: Office, people: dict[str, Subject], case: str) -> dict[str, str]:
    """Let the citizen doubt, begin something and be told; let a founder owe a fee."""
    citizen = people["citizen"]
    cases.doubt(citizen, case, "mother.name", cases.Doubted("另一个名字", "户口簿不同"))
    cases.save_draft(citizen, "old-age-allowance", {"elder.payout": "card"})
    people["founder"] = founder = office.applicant("enterprise-start")
    started = office.submit("enterprise-start")
    register_company(FIRM, "安和试验有限公司", queries.id_number(founder.person_id))
    jobs.run_until_idle(chores=[relay.deliver])
    told = messages.inbox(citizen.person_id, "zh")[0]["id"]
    (fee,) = fees.of_case(started)
    people["payer"] = office.applicant("enterprise-start", 1)
    numbers = {"started": started, "fee": fee.number, "message": str(told)}
    return {**numbers, **_paid(office, people)}


def _paid(office: Office, people: dict[str, Subject]) -> dict[str, str]:
    """Let two founders pay at a real bank, of whom one wants it back; a third is charged too much.

    The file that names the bank stays; the bank itself ends, until somebody starts it.
    """
    file, other = office.folder / "fees.toml", office.applicant("enterprise-start", 2)
    plain, regretted, dear = _due(office, 1), _due(office, 2), ask(office)
    with override_settings(FEES=file), Keeper() as keeper:
        bank = open_bank(office.folder / BANK, keeper)
        set_up(file, bank.entry)
        _pays(bank, people["payer"], plain)
        _pays(bank, other, regretted)
        paying.wish_refund(other, regretted, "mistake", "不办了")
        with closing(Store(read_config(bank.config).store)) as store:
            store.plan_fault("wrong-amount")
        _pays(bank, people["founder"], dear)
        left = paying.left_of(fees.look(people["founder"], dear))
        paying.ask_refund(people["fee-clerk"], dear, left, "amount", "银行多扣")
    (receipt,) = fees.order_view(fees.look(people["payer"], plain), "zh")["receipts"]
    return {"paid": plain, "fee_receipt": receipt["number"]}


def _due(office: Office, place: int) -> str:
    (order,) = fees.of_case(office.submit("enterprise-start", place))
    return order.number


def _pays(bank: RunningBank, payer: Subject, order: str) -> None:
    bank.choose(paying.pay(payer, order))
    paying.ask_bank(order)


def _read(office: Office, people: dict[str, Subject], case: str) -> dict[str, str]:
    """Have departments asked for a draft; let a low rating and a translation wait."""
    people["reader"] = reader = office.applicant("newborn", 3)
    draft = cases.save_draft(reader, "newborn", office.answers("newborn")).number
    cases.read_ahead(reader, draft, consent=True)
    cases.doubt_ahead(reader, draft, "mother.name", cases.Doubted("另一个名字", "户口簿不同"))
    opinion = Opinion(1, words="等了很久")
    low = voice.rate(people["citizen"], case, "resident-medical-insurance", opinion)
    paragraph = items.guide("maternity-reimbursement").paragraphs[0].id
    words = ("ئىسپات", "تەرجىمە")
    translating.propose(people["clerk"], "maternity-reimbursement", paragraph, "ug", *words)
    return {"low": str(low), "paragraph": paragraph}


def _sheet(publisher: Subject) -> dict[str, str]:
    """Let a publisher have a draft whose table has an overlap and whose flow has a script."""
    number = workshop.open_draft(publisher, "sample", "随访标准")
    path = "rules/childcare-guidance.dmn"
    found = drafts.text_of(publisher, number, path)
    text = (found.text or "").replace("<text>&gt;=2500", "<text>&gt;=2000")
    workshop.write(publisher, number, path, text, found.digest)
    drawn = (shipped_packs() / "base/flows/at-once-record.bpmn").read_text(encoding="utf-8")
    for name, text in (("quick", drawn), ("script", drawn.replace("userTask", "scriptTask"))):
        workshop.write(publisher, number, f"flows/{name}.bpmn", text, "")
    return {"sheet": number}


def _request(clerk: Subject, system: str = "relief") -> str:
    wanted = requests.NewRequest(
        service="marriages",
        fields=["marital_status"],
        item="relief",
        basis="statutory",
        legal_basis="社会救助暂行办法",
        reason="核定婚姻状况",
        department="medical-insurance",
        system=system,
    )
    return requests.ask(clerk, wanted)


def _drafted(clerk: Subject) -> str:
    """Let a department register a resource that is not published yet."""
    item = {"name": "id_number", "label": {"zh": "号码", "en": ""}, "type": "string"}
    wanted = {
        "slug": "permits",
        "code": "309003/000001",
        "name": {"zh": "犬只准养登记", "en": "dog permits"},
        "department": "police",
        "sharing": "conditional",
        "update_cycle": "daily",
        "items": [{**item, "classification": "L4", "mask": "", "key": True, "lead": False}],
    }
    return catalogue.register(clerk, wanted).entry.slug


def _own_provider(office: Office) -> str:
    """Let the installation be a client of itself; keep the secret, give its name as a client."""
    scopes = ["openid", "profile"]
    made = clients.register("本市统一身份", "data-bureau", [OWN], scopes, actor="test")
    (office.folder / SECRET).write_text(made.secret, encoding="ascii")
    return made.client_id


def _delegation(citizen: Subject, agent: Subject) -> str:
    named = Named(queries.id_number(agent.person_id), queries.name_of(agent.person_id))
    last = clock.today() + timedelta(days=30)
    ends = datetime.combine(last, time(), clock.SHANGHAI)
    return delegating.grant(citizen, named, Scope(["case.read"], ["newborn"], ends))


def _licences(citizen: Subject, case: str) -> dict[str, str]:
    row = licences.mine(citizen).first()
    born = licences.of_case(case).get(department=POSTS["issuer"][0], item="birth-certificate")
    assert row is not None, f"case {case} issued no licence"
    claims = [one.name for one in licences.told(licences.uri_of(row), licences.could_show(row))]
    shown = licensing.show(citizen, row.identifier, claims[:2])
    return {
        "licence": row.identifier,
        "certificate": born.identifier,
        "claim": claims[0],
        "shown": shown.address.rpartition("/")[2],
    }


def _designed(publisher: Subject) -> dict[str, str]:
    """Let a publisher have two drafts: one that may be published, and one with findings."""
    numbers = {}
    for name, value in (("draft", "promised_days: 1"), ("faulty", "flow: no-such-")):
        numbers[name] = number = workshop.open_draft(publisher, "sample", "缩短接种证时限")
        path = "items/vaccination-certificate.yaml"
        found = drafts.text_of(publisher, number, path)
        changed = (found.text or "").replace(value.partition(" ")[0] + " ", value, 1)
        workshop.write(publisher, number, path, changed, found.digest)
    while unraised := drafts.effect(publisher, numbers["draft"]).unraised:
        one = unraised[0].ready
        workshop.raise_version(publisher, numbers["draft"], one.kind, one.slug)
    return numbers
