"""Every setting of Outlay. Values come from the environment; the defaults suit one machine.

`X_FILE` names a file that holds the secret `X`. Booleans are `True` or `False`, nothing else.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from finops.embedded.home import Home

BASE_DIR = Path(__file__).resolve().parent.parent


def envbool(name: str, default: str) -> bool:
    """True or False as written; anything else is a typing error worth stopping for."""
    value = os.environ.get(name, default)
    if value not in ("True", "False"):
        raise ImproperlyConfigured(f"{name} must be True or False, found {value!r}")
    return value == "True"


def envint(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, found {value!r}") from None


def envlist(name: str, default: str = "") -> list[str]:
    """The parts of a comma separated value, without blanks."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def envsecret(name: str) -> str | None:
    """The secret itself from NAME, or the content of the file named by NAME_FILE."""
    if file := os.environ.get(f"{name}_FILE"):
        return Path(file).read_text().strip()
    return os.environ.get(name)


# --- where things are ---------------------------------------------------------------------

OUTLAY_HOME = Path(os.environ.get("OUTLAY_HOME") or BASE_DIR / "var").expanduser().absolute()
HOME = Home(OUTLAY_HOME)
# A folder, or s3://bucket/prefix.
OUTLAY_ARCHIVE = os.environ.get("OUTLAY_ARCHIVE") or str(HOME.archive)

# --- secrets ------------------------------------------------------------------------------

SECRET_KEY = envsecret("SECRET_KEY") or HOME.secret("secret_key")
SECRET_KEY_FALLBACKS = envlist("SECRET_KEY_FALLBACKS")
# Credentials of vendors are encrypted with the first key and read with any of them, so that
# rotating the session key never touches them. Each is 32 bytes or more of text.
FIELD_KEYS = [envsecret("FIELD_KEY") or HOME.secret("field_key"), *envlist("FIELD_KEY_FALLBACKS")]

# Hosts of our own network that a source may be fetched from, over http if need be: `host` or
# `host:port`. Every other address must be public and speak https.
OUTLAY_PRIVATE_HOSTS = envlist("OUTLAY_PRIVATE_HOSTS")

# --- the web ------------------------------------------------------------------------------

DEBUG = envbool("DEBUG", "False")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *envlist("OUTLAY_HOSTS")]
CSRF_TRUSTED_ORIGINS = envlist("OUTLAY_ORIGINS")
# True once a proxy speaks HTTPS for us and sets X-Forwarded-Proto itself.
HTTPS = envbool("OUTLAY_HTTPS", "False")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "finops.embedded",
    "finops.people",
    "finops.ledger",
    "finops.outcomes",
    "finops.attribution",
    "billing_ingest",
    "dashboards",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Below the files, which are packed already. It pads by a random length, and the tokens of
    # forms are masked anew each time, so that the size of an answer gives no secret away.
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "finops.urls"
WSGI_APPLICATION = "finops.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboards.frame.frame",
                "billing_ingest.alerts.alerts",
            ],
        },
    },
]

# --- database -----------------------------------------------------------------------------


def parse_database_url(url: str) -> dict[str, Any]:
    """Django's connection settings for postgres://user:password@host:port/name?option=value."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must start with postgres://")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # A socket folder comes as ?host=/run/postgresql.
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


DATABASE_URL = envsecret("DATABASE_URL")
EMBEDDED_POSTGRES = not DATABASE_URL
DATABASE = parse_database_url(
    DATABASE_URL or f"postgres://outlay@/outlay?host={HOME.postgres_sockets}",
)
# The web server keeps a pool of open connections; a command or a worker holds one.
if envbool("OUTLAY_DATABASE_POOL", "False"):
    DATABASE["OPTIONS"]["pool"] = {"min_size": 2, "max_size": envint("OUTLAY_POOL_SIZE", 10)}
DATABASE["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- answers that are kept ----------------------------------------------------------------

# In the memory of each web process; the oldest go first. What an answer depends on is in its
# key (dashboards/known.py), so the time is only for those that nobody asks for any more.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "TIMEOUT": 2 * 3600,
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
}

# --- jobs ---------------------------------------------------------------------------------

# A worker renews its hold on a job; when it dies the job is free again after this long.
LEASE_SECONDS = envint("OUTLAY_LEASE_SECONDS", 120)
EMBEDDED_BROKER = "CELERY_BROKER_URL" not in os.environ
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or f"redis+socket://{HOME.broker_socket}"
# A job's state lives in its own row with a lease. The message carries the row's id and nothing
# else, so results are off and a message delivered twice is harmless.
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# In KiB. A child that grew beyond it is replaced after its task; it never loses work.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 800_000
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TIMEZONE = "UTC"
# A redis broker hands an unacknowledged message out again after the visibility timeout. The
# time limits end a task before that, or one job would run twice at once.
VISIBILITY_TIMEOUT_SECONDS = 60 * 60
CELERY_TASK_SOFT_TIME_LIMIT = 50 * 60
CELERY_TASK_TIME_LIMIT = 55 * 60
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": VISIBILITY_TIMEOUT_SECONDS}
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
# An unreachable broker must not hang a request that wants to publish: beat publishes later.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2}

# --- people -------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

# --- safety of the browser ----------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked from inside, without TLS
    # Whether other names of the same domain may be bound to HTTPS is for their owner to say.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SECURE_HSTS_SECONDS = envint("OUTLAY_HSTS_SECONDS", 365 * 24 * 3600)

# --- files we serve, files we take --------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / ".build" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        ),
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# Uploads above this size go to a temporary file on disk, never to memory.
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# --- language and time --------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# --- the API ------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Outlay API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- logs ---------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("OUTLAY_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "botocore": {"level": "WARNING"}},
}
