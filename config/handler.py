"""The WSGI handler: requests are decoded as UTF-8, whatever charset their Content-Type names."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Request(WSGIRequest):
    """Ignores the charset that a request names.

    Django applies it before any middleware runs, so that a charset which does not fit the body would end in
    a bare 500. `mailings.middleware.BodyLimits` refuses charsets other than UTF-8 properly.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Handler(WSGIHandler):
    request_class = Request
