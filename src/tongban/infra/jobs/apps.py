"""Tell Django of the app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """Background work; finds the ``tasks.py`` of every app, where jobs and subscribers enter."""

    name = "tongban.infra.jobs"
    label = "jobs"
    verbose_name = "后台任务"

    def ready(self) -> None:
        autodiscover_modules("tasks")
