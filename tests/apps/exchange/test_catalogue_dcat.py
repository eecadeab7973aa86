"""The catalogue as DCAT-AP 3: valid for others, without loss for our own kind, safe to read."""

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as sample
from hypothesis import settings as bounds
from hypothesis import strategies as st
from pyshacl import validate
from rdflib import DCAT, DCTERMS, RDF, Graph, Literal, URIRef
from rdflib.plugins.parsers.jsonld import to_rdf

from testkit.registry import entry
from tongban.apps.exchange.catalogue import exporting, graphs
from tongban.apps.exchange.catalogue.graphs import DocumentRefused
from tongban.apps.exchange.domain import dcat, records
from tongban.apps.exchange.domain.dcat import Read
from tongban.apps.exchange.domain.records import Entry, Organisation, Origin, Registered
from tongban.kernel.facts import Words

OWN_SHAPES = Path(__file__).with_name("catalogue-shapes.ttl")
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
POLICE = Organisation("police", "1133010000250101XW", Words("公安局", "police"))


def held(one: Entry, state: str = "published") -> Registered:
    origin = Origin("CN-330100", one.slug, dcat.iri("CN-330100", one.slug))
    return Registered(1, one, origin, "registered", state, 3, NOW)


def document(*entries: Entry) -> bytes:
    head = dcat.catalogue("CN-330100", Words("安和市", "Anhe"), POLICE)
    listed = [dcat.dataset(held(one), "CN-330100") for one in entries]
    return json.dumps({**head, "dcat:dataset": listed}, ensure_ascii=False).encode()


def read_back(data: bytes, kind: str) -> list[Read]:
    good, bad = dcat.datasets(graphs.parse(data, kind).datasets, "elsewhere")
    assert bad == []
    return good


def as_turtle(data: bytes) -> bytes:
    graph = to_rdf(json.loads(data), Graph())
    return graph.serialize(format="turtle").encode()


def as_xml(data: bytes) -> bytes:
    graph = to_rdf(json.loads(data), Graph())
    return graph.serialize(format="xml").encode()


def findings(data: str | bytes, shapes: Path) -> list[str]:
    graph = to_rdf(json.loads(data), Graph())
    with warnings.catch_warnings():
        # pyshacl uses a face of rdflib that rdflib would rather retire
        warnings.simplefilter("ignore", DeprecationWarning)
        conforms, report, text = validate(
            graph, shacl_graph=str(shapes), shacl_graph_format="turtle", inference="none"
        )
    assert isinstance(report, Graph), text
    assert conforms is not None
    return [] if conforms else [line for line in text.splitlines() if line.strip()]


TEXT = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=20)
ENTRIES = st.builds(
    lambda name, english, abstract, cycle, sharing, library, classes, masks: entry(
        name={"zh": name, "en": english},
        abstract={"zh": abstract, "en": ""} if abstract else None,
        update_cycle=cycle,
        sharing=sharing,
        condition={"zh": "依据某法", "en": "by law"},
        base_library=library,
        classes=classes,
        mode="table",
        items=[
            {"name": f"item_{place}", "label": {"zh": name, "en": ""}, "type": "string", "mask": m}
            for place, m in enumerate(masks)
        ],
    ),
    TEXT,
    st.one_of(st.just(""), TEXT),
    st.one_of(st.just(""), TEXT),
    st.sampled_from(list(records.CYCLES)),
    st.sampled_from(list(records.SHARING)),
    st.sampled_from(["", *records.LIBRARIES]),
    st.lists(TEXT, max_size=3),
    st.lists(st.sampled_from(["", "keep:1,2"]), min_size=1, max_size=12),
)


@pytest.mark.slow
@bounds(max_examples=25)
@sample(ENTRIES)
def test_a_record_comes_back_the_same_from_every_form(one: Entry) -> None:
    data = document(one)
    fast = read_back(data, "json-ld")
    without_own_context = json.loads(data)
    without_own_context["@context"]["extra"] = "urn:extra:"
    slow = read_back(json.dumps(without_own_context).encode(), "json-ld")
    assert fast == slow == read_back(as_turtle(data), "turtle") == read_back(as_xml(data), "xml")
    found = fast[0]
    assert dcat.local(found, one.slug) == replace(
        one,
        department=replace(one.department, key=""),
        lead=replace(one.lead or one.department, key=""),
    )
    assert (found.origin, found.origin_id, found.path) == ("CN-330100", one.slug, ("CN-330100",))


def test_it_passes_our_own_shapes_and_a_fault_is_found() -> None:
    data = document(entry(), entry(slug="more", sharing="none", condition={"zh": "某法"}))
    assert findings(data, OWN_SHAPES) == []
    broken = json.loads(data)
    broken["dcat:dataset"][0]["tb:sharing"] = "perhaps"
    del broken["dcat:dataset"][1]["dct:publisher"]
    told = "\n".join(findings(json.dumps(broken), OWN_SHAPES))
    assert "Results (2)" in told


def test_the_sample_city_passes_dcat_ap_3(office: Any, test_data: Callable[[str], Path]) -> None:
    shapes = test_data("dcat-ap") / "dcat-ap-SHACL.ttl"
    data = "".join(exporting.jsonld())
    assert len(json.loads(data)["dcat:dataset"]) == 17
    assert findings(data, shapes) == []
    assert findings(data, OWN_SHAPES) == []
    broken = json.loads(data)
    del broken["dcat:dataset"][0]["dct:title"]
    broken["dcat:dataset"][1]["dct:publisher"] = "police"
    assert findings(json.dumps(broken), shapes) != []


def test_a_foreign_catalogue_is_read_as_far_as_it_goes() -> None:
    turtle = """
    @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
    @prefix foaf: <http://xmlns.com/foaf/0.1/> .
    <https://data.example/1> a dcat:Dataset ; dct:title "Bäume"@de, "Trees"@en ;
      dct:description "All trees"@en ; dct:publisher <https://data.example/city> ;
      dct:issued "2024-05-06"^^<http://www.w3.org/2001/XMLSchema#date> ; dcat:keyword "tree", "b" ;
      dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/DAILY> ;
      dct:accessRights <http://publications.europa.eu/resource/authority/access-right/PUBLIC> .
    <https://data.example/city> a foaf:Agent ; foaf:name "Stadt"@de .
    <https://data.example/2> a dcat:Dataset .
    _:b a dcat:Dataset ; dct:title "no name" .
    <urn:tongban:CN-330100:births> a dcat:Dataset ; dct:title "usurped" .
    """.encode()
    good, bad = dcat.datasets(graphs.parse(turtle, "turtle").datasets, "data.example")
    assert [read.iri for read in good] == ["https://data.example/1"]
    found = good[0].entry
    assert (found.name, found.department.name.zh) == (Words("Trees", "Trees"), "Stadt")
    assert (found.update_cycle, found.sharing, str(found.published_on)) == (
        "daily",
        "unconditional",
        "2024-05-06",
    )
    assert found.classes == ("b", "tree")
    assert len(bad) == 2
    assert any("without a title" in told for told in bad)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ('{"@context": "https://evil.example/c.jsonld"}', "json-ld"),
        ('{"@context": [{}, "https://evil.example/c.jsonld"]}', "json-ld"),
        ('{"@context": {"@import": "https://evil.example/c.jsonld"}}', "json-ld"),
        ('{"@context": {"a": {"@id": "urn:a", "@context": "file:///etc/passwd"}}}', "json-ld"),
        ("{", "json-ld"),
        ("[" * 100_000, "json-ld"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "xml"),
        ("<rdf", "xml"),
        ("@prefix a: <b", "turtle"),
    ],
)
def test_what_would_reach_out_or_does_not_read_is_refused(data: str, kind: str) -> None:
    with pytest.raises(DocumentRefused):
        graphs.parse(data.encode(), kind)


def test_a_record_with_a_fault_is_refused_by_itself() -> None:
    raw = json.loads(document(entry(), entry(slug="good")))
    raw["dcat:dataset"][0]["tb:sharing"] = ["conditional", {"@value": 7}]
    raw["dcat:dataset"][0]["tb:classification"] = "L9"
    good, bad = dcat.datasets(graphs.parse(json.dumps(raw).encode(), "json-ld").datasets, "x")
    assert [read.entry.slug for read in good] == ["good"]
    assert "classification" in bad[0]


def test_a_record_may_not_take_anothers_name() -> None:
    raw = json.loads(document(entry()))
    raw["dcat:dataset"][0]["@id"] = "urn:tongban:CN-330100:other"
    _, bad = dcat.datasets(graphs.parse(json.dumps(raw).encode(), "json-ld").datasets, "x")
    assert "is not the name" in bad[0]


def test_any_rdf_reader_finds_title_and_items() -> None:
    graph = to_rdf(json.loads(document(entry())), Graph())
    subject = URIRef("urn:tongban:CN-330100:permits")
    assert (subject, RDF.type, DCAT.Dataset) in graph
    assert (subject, DCTERMS.title, Literal("犬只准养登记信息", lang="zh")) in graph
    assert len(list(graph.objects(subject, URIRef(f"{dcat.NAMESPACE}item")))) == 3
