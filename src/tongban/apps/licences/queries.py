"""Reads of licences."""

from django.db.models import QuerySet

from .models import Licence


def of_case(case: str) -> QuerySet[Licence]:
    """Give the licences that a case issued, oldest first."""
    return Licence.objects.filter(case=case).order_by("pk")


def held_by(holder: str) -> QuerySet[Licence]:
    """Give the licences of a person or company, newest first."""
    return Licence.objects.filter(holder=holder).order_by("-pk")
