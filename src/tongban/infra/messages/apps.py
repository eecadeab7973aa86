"""Tell Django of the app."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    """The inbox, the channels, the delivery log."""

    name = "tongban.infra.messages"
    label = "inbox"
    verbose_name = "消息"
