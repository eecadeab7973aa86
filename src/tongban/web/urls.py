"""Addresses of the pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("cases/<str:number>", views.case, name="case"),
    path("enter/<str:secret>", views.enter, name="enter"),
    path("leave", views.leave, name="leave"),
]
