"""Whether the service answers, and whether it can store."""

import pytest

from tests.served import House

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("path", "status"), [("/healthz", "ok"), ("/readyz", "ready")])
async def test_a_healthy_service_says_so(house: House, path: str, status: str) -> None:
    answer = await house.client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": status})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/sites", 404),
        ("GET", "/v1/sites/nobody/policy", 404),
        ("GET", "/v1/sites/No%20Body/policy", 404),
        ("GET", "/v1/sites/%00/policy", 404),
        ("GET", "/v1/sites/%ff/banner.js", 404),
        ("DELETE", "/v1/sites/shop/policy", 405),
        ("POST", "/healthz", 405),
        ("OPTIONS", "/v1/sites/shop/receipts", 405),
    ],
)
async def test_an_address_that_programs_miss_is_a_problem_in_one_shape(
    house: House, method: str, path: str, status: int
) -> None:
    answer = await house.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"].startswith("/help/problems#")
