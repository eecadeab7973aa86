"""Addresses below /exchange/v1/."""

from django.urls import path

from tongban.apps.exchange.api import catalogue_document, control

urlpatterns = [
    path("snapshot", control.snapshot),
    path("revocations", control.revocations),
    path("card", control.card),
    path("checkpoints", control.checkpoints),
    path("looks", control.looks),
    path("health", control.health),
    path("requests", control.requests),
    path("feed", control.feed),
    path("catalogue.jsonld", catalogue_document.page),
]
