"""The application server's command: ``python -m examples.app_server --help``."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from examples.app_server.api import create_app
from examples.app_server.settings import Settings


def main(arguments: list[str] | None = None) -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m examples.app_server", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path("example-data"), help="the folder of the revocation store"
    )
    parser.add_argument(
        "--issuer", default="http://127.0.0.1:8000", help="the URL of the authentication server"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    options = parser.parse_args(arguments)
    options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = Settings(revoked=options.data / "revoked.db", issuer=options.issuer)
    uvicorn.run(create_app(settings), host=options.host, port=options.port, server_header=False)


if __name__ == "__main__":
    main()
