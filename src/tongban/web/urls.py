"""Addresses of the pages."""

from django.urls import path

from . import account, catalogue, health, sharing, signing_in, views

urlpatterns = [
    path("", views.home, name="home"),
    path("cases/<str:number>", views.case, name="case"),
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
    path("enter/<str:secret>", views.enter, name="enter"),
    path("sign-in", signing_in.sign_in, name="sign-in"),
    path("sign-in/second", signing_in.second_factor, name="second-factor"),
    path("sign-in/more", signing_in.step_up, name="step-up"),
    path("sign-in/passkey", signing_in.passkey, name="passkey"),
    path("sign-in/passkey/options", signing_in.passkey_options, name="passkey-options"),
    path("sign-in/passkey/answer", signing_in.passkey_answer, name="passkey-answer"),
    path("account", account.account, name="account"),
    path("account/password", account.change_password, name="change-password"),
    path("account/app", account.add_app, name="add-app"),
    path("account/factors/remove", account.remove_factor, name="remove-factor"),
    path("account/devices/forget", account.forget_device, name="forget-device"),
    path("account/clients/leave", account.leave_client, name="leave-client"),
    path("account/passkey/options", account.passkey_options, name="add-passkey-options"),
    path("account/passkey/answer", account.passkey_answer, name="add-passkey-answer"),
    path("account/raise", account.raise_role, name="raise-role"),
    path("leave", views.leave, name="leave"),
]
