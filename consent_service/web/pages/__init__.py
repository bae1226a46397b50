"""Pages for people: server-rendered HTML that works without JavaScript.

| method | path | handler | who may |
|---|---|---|---|
| GET | / | sites.home | ANYONE |
| GET | /static/{path:path} | static.static | ANYONE |
| GET | /help | help.index | ANYONE |
| GET | /help/{page} | help.one | ANYONE |
| GET | /docs | help.docs | ANYONE |
| GET | /policies/{site}/cookies | public.cookies | ANYONE |
| GET | /policies/{site}/privacy | public.privacy | ANYONE |
| GET | /sign-in | accounts.sign_in_form | ANYONE |
| POST | /sign-in | accounts.sign_in | ANYONE |
| GET | /sign-in/{token} | accounts.link_form | ANYONE |
| POST | /sign-in/{token} | accounts.link | ANYONE |
| POST | /sign-out | accounts.sign_out | ANYONE |
| GET | /account | accounts.account_form | SIGNED_IN |
| POST | /account | accounts.set_password | SIGNED_IN |
| GET | /sites | sites.listed | SIGNED_IN |
| POST | /sites | sites.add | ADMIN |
| GET | /sites/{site} | sites.install | MEMBER |
| POST | /sites/{site} | sites.change | ADMIN |
| GET | /sites/{site}/check | sites.install | MEMBER |
| POST | /sites/{site}/check | sites.check | EDITOR |
| GET | /sites/{site}/policy | policies.draft | EDITOR |
| POST | /sites/{site}/policy | policies.save | EDITOR |
| GET | /sites/{site}/policy/publish | policies.publish_form | EDITOR |
| POST | /sites/{site}/policy/publish | policies.publish | EDITOR |
| GET | /sites/{site}/versions | policies.versions | MEMBER |
| GET | /sites/{site}/versions/{number} | policies.version | MEMBER |
| GET | /sites/{site}/receipts | receipts.listed | AUDITOR |
| GET | /sites/{site}/receipts/{id} | receipts.one | AUDITOR |
| GET | /sites/{site}/receipts/{id}/jws | receipts.download | AUDITOR |
| GET | /sites/{site}/access | accounts.access_form | ADMIN |
| POST | /sites/{site}/access | accounts.change_access | ADMIN |

`/sites` for ADMIN means an admin of every site. The same table, as it is used, is in
`web/routes.py`.
"""
