"""The provider's API: what may be asked (spec) and how it is asked (api). Free of Django and Celery."""
