"""Help is that of the running version, and its links lead somewhere."""

import re

import pytest

from consent_service import errors
from consent_service.web import openapi
from tests.api.pages.people import (
    document,
    stranger,
)
from tests.served import House
from tests.tools import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")


HELP = sorted(path.stem for path in (ROOT / "consent_service/help").glob("*.md"))


async def test_every_help_page_is_served_and_listed(house: House) -> None:
    person = stranger(house)
    index = document(await person.get("/help"))
    assert sorted(link.removeprefix("/help/") for link in index.links if "/help/" in link) == HELP
    for name in HELP:
        answer = await person.get(f"/help/{name}")
        assert answer.status_code == 200
        assert document(answer).inline == []
    assert (await person.get("/help/nothing")).status_code == 404


async def test_every_refusal_is_explained_where_its_type_points(house: House) -> None:
    page = document(await stranger(house).get("/help/problems"))
    # What is raised and caught within one room has its own class there, and no caller meets it.
    found = errors.ConsentError.__subclasses__()
    classes = {each.__name__.lower() for each in found if each.__module__ == errors.__name__}
    assert not (classes | {"fault"}) - set(page.ids)
    assert len(classes) > 10


async def test_links_between_help_pages_lead_to_anchors_that_are_there(house: House) -> None:
    person = stranger(house)
    pages = {name: document(await person.get(f"/help/{name}")) for name in HELP}
    links = re.compile(r"^(?:/help/)?([a-z-]*)#([\w-]+)$")
    for name, page in pages.items():
        for link in page.links:
            found = links.match(link)
            if found and (found[1] or name) in pages and found[2] != "main":
                assert found[2] in pages[found[1] or name].ids, (name, link)


async def test_the_api_page_has_every_address_and_every_type(house: House) -> None:
    page = document(await stranger(house).get("/docs"))
    described = openapi.document()
    for path, methods in described["paths"].items():
        assert all(f"{method.upper()} {path}" in page.words() for method in methods)
    for name in described["components"]["schemas"]:
        assert f"type-{name}" in page.ids
    assert not {link for link in page.links if link.startswith("#")} - {f"#{id}" for id in page.ids}


async def test_files_are_served_from_one_folder_alone(house: House) -> None:
    person = stranger(house)
    page = (await person.get("/help")).text
    style = re.search(r'href="(/static/pages\.css\?v=[\w-]+)"', page)
    assert style
    kept = await person.get(style[1])
    assert kept.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in kept.headers["cache-control"]
    assert "immutable" not in (await person.get("/static/pages.css?v=old")).headers["cache-control"]
    again = await person.get("/static/pages.css", if_none_match=kept.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    for path in ("/static/nothing.css", "/static/..%2frender.py", "/static/%2e%2e/render.py"):
        assert (await person.get(path)).status_code == 404
