"""The provider's language: what may be asked (spec) and how it is asked (api). Knows no Django, no Celery."""
