"""Pages for people: server-rendered HTML that works without JavaScript.

`web/routes.py` says which address is whose. A handler reads the request, calls one verb and
renders one template of the same stem.
"""
