"""The authentication server's commands: ``python -m examples.auth_server --help``."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

import uvicorn

from examples.auth_server.api import create_app, services
from examples.auth_server.passwords import LONGEST
from examples.auth_server.settings import Settings
from examples.auth_server.users import LONGEST_NAME

#: NIST SP 800-63B asks for so many where a password is all that is asked for.
_SHORTEST = 15


def main(arguments: list[str] | None = None) -> int:
    """Run a command, by default ``serve``. Give its exit status."""
    options = _parser().parse_args(arguments)
    settings = Settings(data=options.data, issuer=options.issuer)
    match options.command:
        case "add-user":
            return _add_user(settings, options.name, options.role)
        case "set-roles":
            found = services(settings).users.set_roles(options.name, options.role)
            return 0 if found else _fail("there is no user of that name")
        case "rotate-keys":
            return _rotate(settings, compromised=options.compromised)
        case _:
            # Whose address a proxy names is believed of nobody until the proxy's own is known: see uvicorn's
            # forwarded_allow_ips.
            uvicorn.run(
                create_app(settings),
                host=options.host,
                port=options.port,
                proxy_headers=False,
                server_header=False,
            )
            return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.auth_server", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("example-data"), help="the folder of its databases")
    parser.add_argument(
        "--issuer", default="http://127.0.0.1:8000", help="the iss of its tokens: its own URL"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("serve", help="serve, which is what it does if nothing is said")
    for name, text in (
        ("add-user", "add a user; the password is asked for"),
        ("set-roles", "change a user's roles"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("name")
        command.add_argument("--role", action="append", default=[], help="may be given several times")
    rotate = commands.add_parser("rotate-keys", help="publish a new key, which signs as soon as all know it")
    rotate.add_argument(
        "--compromised",
        action="store_true",
        help="have it sign at once, and revoke all that the old ones signed",
    )
    return parser


def _add_user(settings: Settings, name: str, roles: list[str]) -> int:
    # Never an argument: those show in the list of processes and in the shell's history.
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().removesuffix("\n")
    # What a log-in would not take is of no use to anybody.
    if not 1 <= len(name) <= LONGEST_NAME:
        return _fail(f"a name must have 1 to {LONGEST_NAME} characters")
    if not _SHORTEST <= len(password) <= LONGEST:
        return _fail(f"a password must have {_SHORTEST} to {LONGEST:,} characters")
    try:
        services(settings).users.add(name, password, roles)
    except ValueError as error:
        return _fail(str(error))
    return 0


def _rotate(settings: Settings, *, compromised: bool) -> int:
    using = services(settings)
    if compromised:
        using.keys.replace(using.revoked)
    else:
        using.keys.rotate()
    return 0


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
