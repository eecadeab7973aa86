"""Every address of the installation."""

from django.urls import include, path, re_path
from django.views.generic import RedirectView

from tongban.config.api import api, nowhere
from tongban.web.operators import site

handler404 = "tongban.web.pages.missing"
urlpatterns = [
    path("api/", RedirectView.as_view(pattern_name="api:openapi-view")),
    path("api/", api.urls),
    re_path(r"^api/", nowhere),
    path("exchange/v1/", include("tongban.apps.exchange.api.urls")),
    path("evidence/log/", include("tongban.apps.evidence.api")),
    path("", include("tongban.apps.licences.api.urls")),
    path("", include("tongban.apps.fees.notices")),
    # one door only, the one with the lock
    path("admin/login/", RedirectView.as_view(pattern_name="sign-in")),
    path("admin/", site.urls),
    path("o/", include("tongban.web.sign_on_urls")),
    path("", include("tongban.web.urls")),
]
