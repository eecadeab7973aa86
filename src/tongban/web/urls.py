"""Addresses of the pages."""

from django.urls import path

from . import catalogue, evidence, health, licences, sharing, views

urlpatterns = [
    path("", views.home, name="home"),
    path("cases/<str:number>", views.case, name="case"),
    path("cases/<str:number>/evidence.zip", evidence.case_bundle, name="case-bundle"),
    path("evidence", evidence.evidence, name="evidence"),
    path("evidence/verify.py", evidence.verifier, name="evidence-verifier"),
    path("consents", sharing.own_consents, name="consents"),
    path("consents/<str:number>/withdraw", sharing.withdraw, name="withdraw-consent"),
    path("cases/<str:number>/consent", sharing.consent_again, name="consent-again"),
    path("file", sharing.file_page, name="file"),
    path("requests", sharing.requests_page, name="requests"),
    path("requests/new", sharing.new_request, name="new-request"),
    path("requests/<str:number>", sharing.request_page, name="request"),
    path("catalogue", catalogue.search, name="catalogue"),
    path("catalogue/libraries", catalogue.base_libraries, name="libraries"),
    path("catalogue/register", catalogue.register, name="register-resource"),
    path("catalogue/resources/<str:slug>", catalogue.resource, name="resource"),
    path("catalogue/resources/<str:slug>/act", catalogue.act, name="resource-act"),
    path("exchange/health", health.network, name="health"),
    path("licences", licences.own, name="licences"),
    path("licences/verify", licences.verify, name="verify"),
    path("licences/shown/<str:secret>", licences.shown, name="shown"),
    path("licences/face/<str:identifier>/<str:code>", licences.paper, name="paper"),
    path("licences/mine/<str:identifier>", licences.licence, name="licence"),
    path("licences/mine/<str:identifier>/face", licences.face, name="licence-face"),
    path("licences/mine/<str:identifier>/show", licences.show, name="licence-show"),
    path("licences/mine/<str:identifier>/offer", licences.offer, name="licence-offer"),
    path("enter/<str:secret>", views.enter, name="enter"),
    path("leave", views.leave, name="leave"),
]
