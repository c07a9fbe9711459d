"""Requests as the web process reads them: in UTF-8, whatever they say of themselves."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Request(WSGIRequest):
    """Django believes a charset so early that one which cannot decode ends in a bare 500, past every layer.

    Who names another than UTF-8 is refused by `mailings.middleware.BodyLimits`.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Handler(WSGIHandler):
    request_class = Request
