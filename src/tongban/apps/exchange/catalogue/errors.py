"""Why the catalogue refuses something, each in Chinese and English."""


class CatalogueError(Exception):
    """The catalogue refused; ``zh`` and ``en`` say why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{type(self).__name__}: {en}")


class ResourceUnknown(CatalogueError):
    """No resource of this slug, or none that the caller may see."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"目录中没有资源“{slug}”", f"the catalogue has no resource {slug!r}; search for it"
        )


class ResourceRefused(CatalogueError):
    """The state or the source of a resource does not allow this."""


class ResourceMoved(CatalogueError):
    """Somebody else changed the resource meanwhile; look again and decide anew."""


class ResourceDenied(CatalogueError):
    """The caller's posts do not allow this."""


class SearchInvalid(CatalogueError):
    """A search for a value that no resource can have."""
