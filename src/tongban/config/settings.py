"""Django settings of a Tongban installation, read from the environment.

TONGBAN_HOME holds everything an installation writes (default: ``var`` below the current folder);
TONGBAN_DATABASE is a URL (default: SQLite in TONGBAN_HOME); TONGBAN_PACKS adds folders of region
packs. Nothing secret is kept in the repository: the secret key is made on first start.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import SimpleLazyObject

from tongban.apps.parties.sign_on.claims import SCOPES
from tongban.infra.keys import own_rsa
from tongban.ports.files import write_once

HOME = Path(os.environ.get("TONGBAN_HOME", "var")).resolve()


def _secret_key() -> str:
    """Give the key of this installation; make it, readable by its owner alone, on first start."""
    if given := os.environ.get("TONGBAN_SECRET_KEY"):
        return given
    path = HOME / "secret_key"
    try:
        HOME.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # two processes may start an installation at once
            with contextlib.suppress(FileExistsError):
                write_once(path, secrets.token_urlsafe(64).encode(), 0o600)
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise ImproperlyConfigured(
            f"TONGBAN_HOME {HOME} cannot be used ({error.strerror}): set TONGBAN_HOME to a folder "
            "you may write in / 数据目录不可用，请将 TONGBAN_HOME 设为可写的文件夹"
        ) from error


def _database(url: str) -> dict[str, object]:
    """Read ``sqlite:///path`` or ``postgres://user:password@host:port/name``."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path.removeprefix("/")) or ":memory:",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # FULL: a committed fact survives a power cut, not only a crash of the process
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": None,
        }
    raise ImproperlyConfigured(
        f"TONGBAN_DATABASE must begin with sqlite: or postgres:, not {parts.scheme!r}"
    )


def _email(url: str) -> dict[str, Any]:
    """Read ``smtp://user:password@host:port`` (STARTTLS) or ``smtps://…`` (TLS from the start)."""
    parts = urlsplit(url)
    if url and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
        raise ImproperlyConfigured("TONGBAN_EMAIL must be smtp://… or smtps://…")
    sends = "smtp" if url else "dummy"
    return {
        "backend": f"django.core.mail.backends.{sends}.EmailBackend",
        "host": parts.hostname or "localhost",
        "port": parts.port or (465 if parts.scheme == "smtps" else 587),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "ssl": parts.scheme == "smtps",
        "tls": parts.scheme == "smtp",
    }


SECRET_KEY = _secret_key()
DEBUG = os.environ.get("TONGBAN_DEBUG") == "1"
# what fails is told on the process's own lines; requests that are merely refused are not
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["lines"], "level": "ERROR", "propagate": False}},
}
ALLOWED_HOSTS = os.environ.get("TONGBAN_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

PACKS = [Path(p) for p in os.environ.get("TONGBAN_PACKS", "").split(os.pathsep) if p]
# a folder of this installation's own figures, cases and checks for the atlas
ATLAS = Path(given).resolve() if (given := os.environ.get("TONGBAN_ATLAS")) else None
DEPARTMENT_STORES = HOME / "departments"
# private networks in which other catalogues may be harvested, as 10.2.0.0/16,127.0.0.0/8
HARVEST_NETWORKS = [n for n in os.environ.get("TONGBAN_HARVEST_NETWORKS", "").split(",") if n]
# whether anybody may read what the catalogue has published (metadata, never data)
CATALOGUE_OPEN = os.environ.get("TONGBAN_CATALOGUE_OPEN") == "1"

# the address under which this installation is reached, as licences and wallets are told
BASE_URL = os.environ.get("TONGBAN_URL", "http://127.0.0.1:8000").rstrip("/")
TYPESETTER = "tongban.infra.papers.setting.typesetter"
# folders with the fonts of papers (Noto CJK)
FONTS = [
    Path(p)
    for p in os.environ.get(
        "TONGBAN_FONTS",
        os.pathsep.join(
            f"/usr/share/fonts/{folder}"
            for folder in ("opentype/noto", "noto-cjk", "google-noto-cjk", "google-noto-serif-cjk")
        ),
    ).split(os.pathsep)
]
# std (Ed25519, SHA-256) or gm (SM2, SM3): what this installation signs with
SUITE = os.environ.get("TONGBAN_SUITE", "std")
# the name of this installation's evidence log (its origin), and the file that says which witnesses
# it asks and how many must sign (C2SP tlog-policy); without the file nothing is witnessed
EVIDENCE_ORIGIN = os.environ.get("TONGBAN_EVIDENCE_ORIGIN", "tongban.localhost/log")
EVIDENCE_POLICY = Path(os.environ.get("TONGBAN_EVIDENCE_POLICY", HOME / "evidence" / "policy.txt"))
# dotted names of outside services by which people sign, such as a national e-signature
SIGNING_SERVICES = [n for n in os.environ.get("TONGBAN_SIGNING_SERVICES", "").split(",") if n]
# where archive packages of closed cases are written, and for how many years they are kept (0: for
# ever)
ARCHIVE = Path(os.environ.get("TONGBAN_ARCHIVE", HOME / "archive"))
ARCHIVE_YEARS = int(os.environ.get("TONGBAN_ARCHIVE_YEARS", "30"))
# address of a time-stamp authority (RFC 3161) that is asked for tokens over checkpoints (empty:
# none), and the file with its root certificates
EVIDENCE_TIMESTAMPS = os.environ.get("TONGBAN_EVIDENCE_TIMESTAMPS", "")
EVIDENCE_TIMESTAMP_ROOTS = Path(
    os.environ.get("TONGBAN_EVIDENCE_TIMESTAMP_ROOTS", HOME / "evidence" / "timestamp-roots.pem")
)
# dotted names of exporters that checkpoints are handed to, such as a bridge to a chain, and the
# folder into which the shipped one writes
EVIDENCE_EXPORTERS = [n for n in os.environ.get("TONGBAN_EVIDENCE_EXPORTERS", "").split(",") if n]
EVIDENCE_FOLDER = Path(os.environ.get("TONGBAN_EVIDENCE_FOLDER", HOME / "evidence" / "checkpoints"))
# the file that names the banks at which fees are paid, and the fen above which a second person
# approves what is given back
FEES = Path(os.environ.get("TONGBAN_FEES", HOME / "fees.toml"))
FEES_FOUR_EYES = int(os.environ.get("TONGBAN_FEES_FOUR_EYES", "10000"))
# where the master key of sealed columns is: empty (files below TONGBAN_HOME), file:<folder>,
# command:<program> or plugin:<module>:<class>
MASTER = os.environ.get("TONGBAN_MASTER", "")
MASTER_BEFORE = os.environ.get("TONGBAN_MASTER_BEFORE", "")  # while moving from one to another
# office hours (9:00 to 17:00 on working days) after which a claimed task is anybody's again
CLAIM_HOURS = int(os.environ.get("TONGBAN_CLAIM_HOURS", "16"))
# days that an application which was begun and not sent (草稿) is kept after it was last saved
DRAFT_DAYS = int(os.environ.get("TONGBAN_DRAFT_DAYS", "30"))
# who reads the text of photographed documents: a dotted name, or empty for nobody
MATERIAL_READER = os.environ.get("TONGBAN_READER", "tongban.apps.cases.plugins.rapid.Rapid")
# the city's gateway for SMS: where texts are posted, the file of the secret that signs the calls,
# and the private networks in which it may be (as 10.2.0.0/16)
SMS_URL = os.environ.get("TONGBAN_SMS_URL", "")
SMS_SECRET = os.environ.get("TONGBAN_SMS_SECRET", "")
SMS_NETWORKS = [n for n in os.environ.get("TONGBAN_SMS_NETWORKS", "").split(",") if n]
# how e-mail leaves: smtp://user:password@host:port, smtps://…, or empty: not at all
EMAIL = _email(os.environ.get("TONGBAN_EMAIL", ""))
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = EMAIL["backend"], EMAIL["host"], EMAIL["port"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL["user"], EMAIL["password"]
EMAIL_USE_SSL, EMAIL_USE_TLS = EMAIL["ssl"], EMAIL["tls"]
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("TONGBAN_EMAIL_FROM", "tongban@localhost")
# seconds after which a node stops conditional calls, and calls by consent
EXCHANGE_SNAPSHOT_AGE = int(os.environ.get("TONGBAN_SNAPSHOT_AGE", "86400"))
EXCHANGE_FEED_AGE = int(os.environ.get("TONGBAN_FEED_AGE", "60"))
# seconds that a request reads ahead for a draft; what it has no time for goes on as a job
READ_AHEAD_SECONDS = float(os.environ.get("TONGBAN_READ_AHEAD_SECONDS", "3"))
# where calls go: the inner listener of a node of our own, or (empty) the node in this process
EXCHANGE_NODE = os.environ.get("TONGBAN_NODE", "")
EXCHANGE_NODE_TOKEN = os.environ.get("TONGBAN_NODE_TOKEN", "")
EXCHANGE_TRANSPORT = (
    "tongban.apps.exchange.local_node.LocalNode"
    if EXCHANGE_NODE
    else "tongban.config.embedded.Embedded"
)

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # only what operators.py registers
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",  # its static file alone: pages that replace a part of themselves
    "django_tasks_db",
    "oauth2_provider",
    "ninja",
    "tongban.web",
    "tongban.infra.secrecy",
    "tongban.infra.trail",
    "tongban.infra.access",
    "tongban.infra.jobs",
    "tongban.infra.messages",
    "tongban.apps.parties",
    "tongban.apps.evidence",
    "tongban.apps.exchange",
    "tongban.apps.items",
    "tongban.apps.licences",
    "tongban.apps.fees",
    "tongban.apps.cases",
    "tongban.apps.outreach",
    "tongban.apps.voice",
    "tongban.apps.forecast",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "tongban.web.middleware.ContentSecurityPolicy",
    "tongban.web.middleware.Bounded",
    "tongban.web.middleware.Compressed",
    "tongban.web.middleware.OneLook",
    "tongban.web.middleware.Parts",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tongban.infra.access.sessions.AccessMiddleware",
    "tongban.web.keeping.TypedIsKept",
    "tongban.web.middleware.StepUp",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tongban.config.urls"
WSGI_APPLICATION = "tongban.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["tongban.web.templatetags.tb"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {
    "default": _database(
        os.environ.get("TONGBAN_DATABASE", f"sqlite:///{HOME / 'tongban.sqlite3'}")
    )
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
AUTH_USER_MODEL = "access.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # styles come straight out of the installed packages

DATA_UPLOAD_MAX_MEMORY_SIZE = 24 * 1024 * 1024  # eight materials of 2 MB in base64
# A link printed by `tongban serve` on loopback signs a browser in, once; off everywhere else.
ENTER_BY_LINK = os.environ.get("TONGBAN_ENTER_BY_LINK") == "1"

AUTHENTICATION_BACKENDS = ["tongban.infra.access.backends.PasswordBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
# a file (JSON) that names the foreign providers with which people may sign in
LOGIN_PROVIDERS = os.environ.get("TONGBAN_LOGIN_PROVIDERS", "")
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
# where browsers reach this installation: issuer of sign-ins, home of passkeys
ORIGIN = os.environ.get("TONGBAN_ORIGIN", "http://localhost:8000").rstrip("/")
ACCESS_ORIGINS = [ORIGIN]
ACCESS_PASSKEY_HOST = urlsplit(ORIGIN).hostname or "localhost"
# networks of our own proxies, whose X-Forwarded-For is believed, and of the offices
ACCESS_PROXIES = [n for n in os.environ.get("TONGBAN_PROXIES", "").split(",") if n]
# questions and searches that one address may put in a minute
QUESTIONS = int(os.environ.get("TONGBAN_QUESTIONS", "120"))
ACCESS_NETWORKS = [n for n in os.environ.get("TONGBAN_OFFICE_NETWORKS", "").split(",") if n]
if ORIGIN.startswith("https:"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
OAUTH2_PROVIDER_APPLICATION_MODEL = "parties.Client"
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": f"{ORIGIN}/o",
    "OIDC_RSA_PRIVATE_KEY": SimpleLazyObject(lambda: own_rsa(HOME, "sign-on")),
    "OIDC_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OIDC_SUBJECT_TYPES_SUPPORTED": ["pairwise"],
    "OAUTH2_VALIDATOR_CLASS": "tongban.apps.parties.sign_on.validator.Validator",
    "SCOPES": {name: words.en for name, words in SCOPES.items()},
    "DEFAULT_SCOPES": ["openid"],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
    "ID_TOKEN_EXPIRE_SECONDS": 600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 8 * 3600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    # RFC 9700, every recommendation of it
    **dict.fromkeys(
        (
            "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT",
            "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT",
            "COMPLIANT_BCP_RFC9700_PKCE_METHOD",
            "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED",
            "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT",
            "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS",
            "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE",
            "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN",
            "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING",
        ),
        True,
    ),
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ORIGIN.startswith("https:")
CSRF_TRUSTED_ORIGINS = [ORIGIN]
CSRF_FAILURE_VIEW = "tongban.web.keeping.stale"
# `infra.access` ends a session long before; its row stays to tell whose a page left open was
SESSION_COOKIE_AGE = 72 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
