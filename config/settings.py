"""Every setting of Mailroom, and the only place where the environment is read (docs: README, "Settings")."""

from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.contrib.messages import constants as message_levels
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _
from kombu import Queue

from config.environment import (
    country,
    database,
    kept_secret,
    lease,
    private,
    provider_address,
    seconds,
    whole,
    whole_login,
)

django_stubs_ext.monkeypatch()

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent


def given(name: str, default: str = "") -> str:
    """A variable's value as it is: `env` would take a leading `$` for a reference to another variable."""
    return str(env.ENVIRON.get(name, default))


# Holds keys, recipients and sessions, so no other user of this machine may read it.
VAR_DIR = private(Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve())

# --- the site -----------------------------------------------------------------------------------------------
DEBUG: bool = env.bool("DEBUG", default=False)
# Allows cookies and passkeys without TLS. Set by `make run`, whose pages only this machine can reach.
PLAIN_HTTP: bool = DEBUG or env.bool("PLAIN_HTTP", default=False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PORT = whole(env.ENVIRON, "PORT", 8000, least=1, most=65535)

# Generated keys are for trials. With a live account they must come from the environment: on the same disk as
# the provider's encrypted password, they would be stolen together with it, and lost together with it.
SECRET_KEY_GENERATED: bool = not given("SECRET_KEY")
CREDENTIALS_KEYS_GENERATED: bool = not env.list("CREDENTIALS_KEYS", default=[])
SECRET_KEY: str = given("SECRET_KEY") or kept_secret(VAR_DIR / "secret_key", get_random_secret_key)
CREDENTIALS_KEYS: list[str] = env.list("CREDENTIALS_KEYS", default=[]) or [
    kept_secret(VAR_DIR / "credentials_key", lambda: Fernet.generate_key().decode())
]

# --- the provider -------------------------------------------------------------------------------------------
SMSC_URL: str = provider_address(env.str("SMSC_URL", default="") or "https://smscentre.com/sys/")
SMSC_LOGIN: str = given("SMSC_LOGIN")
SMSC_PASSWORD: str = given("SMSC_PASSWORD")
SMSC_API_KEY: str = given("SMSC_API_KEY")
whole_login(SMSC_LOGIN, SMSC_PASSWORD, SMSC_API_KEY)

PROVIDER_CONNECT_SECONDS = seconds(env.ENVIRON, "PROVIDER_CONNECT_SECONDS", 5)
PROVIDER_READ_SECONDS = seconds(env.ENVIRON, "PROVIDER_READ_SECONDS", 30)
PROVIDER_TOTAL_SECONDS = seconds(env.ENVIRON, "PROVIDER_TOTAL_SECONDS", 60)
LEASE_SECONDS = lease(seconds(env.ENVIRON, "LEASE_SECONDS", 180), PROVIDER_TOTAL_SECONDS)

SYNC_SECONDS = seconds(env.ENVIRON, "SYNC_SECONDS", 90)
SWEEP_SECONDS = seconds(env.ENVIRON, "SWEEP_SECONDS", 15)
# How often beat asks what became of messages, and for how many days after a mailing's last message was due.
DELIVERY_SECONDS = seconds(env.ENVIRON, "DELIVERY_SECONDS", 300)
DELIVERY_DAYS = whole(env.ENVIRON, "DELIVERY_DAYS", 4, least=1, most=180)
# How long a mailing sent off from a page can still be turned back into a draft, before it is handed over.
HOLD_SECONDS = seconds(env.ENVIRON, "HOLD_SECONDS", 10, or_none=True, most=600)
SETTLE_AFTER_SECONDS = seconds(env.ENVIRON, "SETTLE_AFTER_SECONDS", 600, or_none=True)
SAME_REQUEST_SECONDS = seconds(env.ENVIRON, "SAME_REQUEST_SECONDS", 61, or_none=True)
# Below fifteen: from the fifteenth call at once under one login the provider answers with error 9.
CALLS_AT_ONCE = whole(env.ENVIRON, "CALLS_AT_ONCE", 4, least=1, most=14)

# --- the parts ----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "mailings",
    "config.apps.OurAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "heroicons",
]
MIDDLEWARE = [
    "mailings.middleware.Headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages are compressed too: the compose page's first load stays under 150 KB. Django pads against BREACH.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Must run before anything reads a form. The CSRF check above does so in `process_view`, which runs later.
    "mailings.middleware.BodyLimits",
    "config.security_log.Watch",
    # Every view needs a login unless it is marked with `login_not_required`.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "mailings.middleware.ReadersTimeZone",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "mailings.context.frame",
            ],
        },
    },
]
FORM_RENDERER = "config.renderer.Renderer"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Success is blue, not green: a message stays where it is while the page below it may turn to bad news.
MESSAGE_TAGS = {message_levels.ERROR: "danger", message_levels.SUCCESS: "info"}

# --- database, cache, broker --------------------------------------------------------------------------------
DATABASES = {
    "default": database(
        given("DATABASE_URL", f"sqlite:///{VAR_DIR}/mailroom.sqlite3"), BASE_DIR, LEASE_SECONDS
    )
}
# How long the web process waits for SQLite's write lock (applied in config/wsgi.py); workers use DATABASES.
WEB_SQLITE_WAIT_SECONDS = 5

REDIS_URL: str = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
# Used for login throttling only. In files, because people must be able to log in while Redis is away
# (docs/decisions/0009-login-throttling-in-files.md).
CACHES = {
    "default": {
        "BACKEND": "config.counters.Counters",
        "LOCATION": VAR_DIR / "cache",
    },
}

# A Celery message is only a nudge that carries a row's id; the row is the queue. So no results are kept.
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever: workers and beat outlive any pause of Redis
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # wait out a Redis that is read-only during a failover
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    # For publishing: a page gives up on a dead broker after one quick retry. Workers reconnect for ever.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_PUBLISH_RETRY = False  # a page must not wait for Redis; the sweep nudges again anyway
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TIMEZONE = "UTC"
# Slow work has its own queues, so that a create or a cancel never waits behind it. A worker started without
# -Q serves all queues in turn.
QUEUES = {
    "slow": ("price", "pull_catalogs"),
    "deliveries": ("pull_deliveries",),
    "imports": ("read_import",),
}
CELERY_TASK_QUEUES = [Queue(name) for name in ("celery", *QUEUES)]
CELERY_TASK_ROUTES = {
    f"mailings.tasks.{task}": {"queue": queue} for queue, tasks in QUEUES.items() for task in tasks
}
CELERY_WORKER_POOL = "threads"
# A thread for each simultaneous call to the provider, two to get mailings ready (outbox.drain), four more.
CELERY_WORKER_CONCURRENCY = max(8, CALLS_AT_ONCE + 6)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_DB_REUSE_MAX = 20  # every so many tasks of a worker, the thread that ends one closes its connection
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    # A tick expires after its own interval, so that they do not pile up: the next one does the same work.
    name: {"task": f"mailings.tasks.{name}", "schedule": seconds, "options": {"expires": seconds}}
    for name, seconds in {
        "sweep": SWEEP_SECONDS,
        "pull_recent": SYNC_SECONDS,
        "pull_two_months": 3600.0,
        "refresh_account": 300.0,
        "pull_catalogs": 60.0,
        "clear_uploads": 3600.0,
        "pull_deliveries": DELIVERY_SECONDS,
    }.items()
}

# --- people -------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["config.backend.Backend"]
PASSWORD_HASHERS = ["config.passwords.Argon2", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.MinimumLengthValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
        "config.passwords.NoOrdinaryWord",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "config.accounts.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "20/m/ip,5/300s/key"}
ACCOUNT_SESSION_REMEMBER = True
# How many of our own proxies append to X-Forwarded-For. Throttling uses what the outermost of them saw.
ALLAUTH_TRUSTED_PROXY_COUNT = whole(env.ENVIRON, "TRUSTED_PROXIES", 0, least=0)
MFA_ADAPTER = "config.accounts.EncryptingMfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Mailroom"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are not used, so none is ever verified
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PLAIN_HTTP
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # Mailroom itself writes no e-mail

# --- security -----------------------------------------------------------------------------------------------
# There is no SECURE_PROXY_SSL_HEADER, which any visitor could forge: gunicorn reads X-Forwarded-Proto
# itself, and only from the peers that it trusts (loopback and FORWARDED_ALLOW_IPS).
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.reports.NothingPrivate"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not PLAIN_HTTP
SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
if not PLAIN_HTTP:
    # Browsers accept a __Host- cookie only over https from this exact host, so no sibling domain can set it.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-language"
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not PLAIN_HTTP
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # the proxy redirects http to https; here health checks must work over plain http
]

# --- files and uploads --------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS: list[str | Path | tuple[str, Path]] = [
    BASE_DIR / "static",
    ("vendor/tabler", BASE_DIR / "node_modules/@tabler/core/dist"),
    ("vendor/chart", BASE_DIR / "node_modules/chart.js/dist"),
]
STATICFILES_LISTED = {  # what is served of each package; source maps, because the other files refer to them
    "vendor/tabler": {
        f"{name}{suffix}"
        for name in ("css/tabler.min.css", "js/tabler.min.js", "js/tabler-theme.min.js")
        for suffix in ("", ".map")
    },
    "vendor/chart": {"chart.umd.min.js", "chart.umd.min.js.map"},
}
STATICFILES_FINDERS = [
    "config.finders.ListedFilesFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Uploads. Workers read them, and views that check rights; no address serves them.
MEDIA_ROOT = VAR_DIR / "files"
MEDIA_URL = ""
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# The largest upload of any kind. `mailings.middleware` limits whole requests, address by address.
UPLOAD_MB = whole(env.ENVIRON, "UPLOAD_MB", 64, least=1, most=1024)
# The country whose calling code a number without one gets.
DEFAULT_COUNTRY: str = country(env.str("DEFAULT_COUNTRY", default="RU"))
UPLOAD_ROWS = whole(env.ENVIRON, "UPLOAD_ROWS", 2_000_000, least=1, most=20_000_000)
# The most that a form's fields may hold, files aside: a million pasted numbers are 12 to 20 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

# --- languages and time -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- logs ---------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.OneLine",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        },
    },
    "filters": {
        "not_of_security": {"()": "config.logs.NotOfSecurity"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["not_of_security"],
        },
        "security": {"class": "logging.StreamHandler"},  # config/security_log.py formats its lines itself
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "mailroom.security": {"handlers": ["security"], "level": "INFO"},
        "celery": {"level": "INFO"},
        # At INFO these write a line for every tick and every finished task, which would bury what matters.
        "celery.beat": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
    },
}
