"""Function `console` as a service of FC 2.0, which calls an HTTP function as a WSGI application."""

from handler import handler as on_event  # type: ignore[import-not-found] # the module beside it

from rolemend.work.wsgi import application

handler = application(on_event)
