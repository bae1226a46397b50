"""A site's ledger for auditors and admins: how far it is, and who vouches for it."""

from starlette.requests import Request
from starlette.responses import Response

from consent_service import sites, vouching
from consent_service.errors import Invalid
from consent_service.model import Role, Site, Witness
from consent_service.web.access import act, caller, site_of
from consent_service.web.pages import forms
from consent_service.web.pages.forms import Form
from consent_service.web.render import page, redirect
from consent_service.web.service import service

_LABELS = {
    "witnesses": "Witnesses",
    "authority": "Time-stamping authority",
    "authority_pem": "Certificates of the authority",
    "mail_to": "E-mail addresses",
}

_MOST = forms.MAX_FORM + 3 * sites.MOST_PEM
"""Bytes of the form: in an address's letters, a byte may be three."""


async def shown(request: Request) -> Response:
    """How it stands with the ledger, and with those outside."""
    return await _page(request, await site_of(request), Form(), 200)


async def change(request: Request) -> Response:
    """Other witnesses, another authority and its certificates, other addresses."""
    running, site = service(request), await site_of(request)
    form = await forms.read(request, _MOST)
    try:
        mail_to = vouching.check_mail(running.settings, tuple(form.values["mail_to"].split()))
        changes = {
            "witnesses": _witnesses(form),
            "authority": form.values["authority"].strip(),
            "authority_pem": _certificates(form),
            "mail_to": tuple(dict.fromkeys(mail_to)),
        }
        await vouching.point(running.store, site, changes, act(request))
    except Invalid as error:
        return await _page(request, site, form.refuse(error), 422)
    running.forget()
    return redirect(f"/sites/{site.key}/ledger?saved=1")


def _witnesses(form: Form) -> tuple[Witness, ...]:
    lines = form.values["witnesses"].splitlines()
    return tuple(sites.parse_witness(line) for line in lines if line.strip())


def _certificates(form: Form) -> str:
    pem = form.values["authority_pem"]
    return sites.parse_certificates(pem) if pem.strip() else ""


def _as_typed(site: Site) -> dict[str, str]:
    keeping = site.keeping
    return {
        "witnesses": "\n".join(f"{each.key} {each.url}" for each in keeping.witnesses),
        "authority": keeping.authority,
        "authority_pem": keeping.authority_pem,
        "mail_to": "\n".join(keeping.mail_to),
    }


async def _page(request: Request, site: Site, form: Form, status: int) -> Response:
    running = service(request)
    form.values.update({**_as_typed(site), **form.values})
    context = {
        "site": site,
        "standing": await vouching.standing(running.ledger, site),
        "pinned": sites.pinned(site.keeping),
        "form": form.labelled(_LABELS),
        "may_change": caller(request).may(Role.ADMIN, site.id),
        "can_mail": bool(running.settings.smtp_host),
        "saved": "saved" in request.query_params,
    }
    return page(request, "ledger/page.html", context, status)
