"""The contract as OpenAPI, and a page to try it on."""

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html

from surestock.api.answer import Answer, json_answer
from surestock.api.request_headers import Read
from surestock.api.route import CheckedRoute

routes = APIRouter(route_class=CheckedRoute, include_in_schema=False)


@routes.get("/openapi.json", response_model=None)
async def openapi(call: Read) -> Answer:
    """Return the schema."""
    return json_answer(call.scope["app"].openapi())


@routes.get("/docs", response_model=None)
async def docs(call: Read) -> Answer:  # noqa: ARG001 - every endpoint takes the call
    """Return a page that shows the schema."""
    page = get_swagger_ui_html(openapi_url="/openapi.json", title="Surestock")
    return Answer(200, bytes(page.body), [(b"content-type", b"text/html; charset=utf-8")])
