"""``cyjwt.jwt`` under the name ``jwt``, for libraries that import PyJWT themselves."""

from __future__ import annotations

import sys

__all__ = ["install_as_jwt"]

_PACKAGE = "cyjwt.jwt"


def install_as_jwt() -> None:
    """Let ``import jwt`` mean ``cyjwt.jwt`` in this process, for every module that is imported from now on.

    It belongs at the start of the program, before anything that imports `jwt`; PyJWT itself may stay installed, and
    is not imported. A second call changes nothing.

    Raises:
        RuntimeError: a `jwt` that is not this one was imported before: what holds its functions would go on using
            them, and its exceptions would not be these.

    The start of a ``wsgi.py`` or ``manage.py``::

        from cyjwt.jwt import install_as_jwt

        install_as_jwt()

        import flask_jwt_extended
    """
    from importlib import import_module
    from pkgutil import iter_modules

    ours = import_module(_PACKAGE)
    if sys.modules.get("jwt", ours) is not ours:
        raise RuntimeError(
            "install_as_jwt() must run before anything imports jwt, and jwt is imported already"
        )
    found = {"jwt": ours}
    # All of them: the import system would take a missing one for a new module, and load its file a second time.
    for module in iter_modules(ours.__path__):
        if not module.name.startswith("_"):
            found[f"jwt.{module.name}"] = import_module(f"{_PACKAGE}.{module.name}")
    sys.modules.update(found)
