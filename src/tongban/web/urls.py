"""Addresses of the pages."""

from django.urls import path

from . import sharing, views

urlpatterns = [
    path("", views.home, name="home"),
    path("cases/<str:number>", views.case, name="case"),
    path("consents", sharing.own_consents, name="consents"),
    path("consents/<str:number>/withdraw", sharing.withdraw, name="withdraw-consent"),
    path("cases/<str:number>/consent", sharing.consent_again, name="consent-again"),
    path("requests", sharing.requests_page, name="requests"),
    path("requests/new", sharing.new_request, name="new-request"),
    path("requests/<str:number>", sharing.request_page, name="request"),
    path("enter/<str:secret>", views.enter, name="enter"),
    path("leave", views.leave, name="leave"),
]
