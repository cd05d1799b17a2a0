"""Starting a real OpenID provider beside an instance, and an instance that knows it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rig.canaille_program import CLIENT, SECRET
from tests.rig.nursery import Nursery
from tests.rig.processes import Program, free_port, plain_environment
from tests.rig.project import ROOT
from tests.rig.server import Server
from tests.rig.storage import Storage


@contextmanager
def provided(
    storage: Storage, folder: Path, nursery: Nursery, **settings: str
) -> Iterator[tuple[Server, str]]:
    """Serve an instance with a real provider; answers with it and the provider's issuer.

    The provider is at `localhost` and the instance at 127.0.0.1: to browsers, different sites.
    """
    port, own = free_port(), free_port()
    issuer = f"http://localhost:{port}"
    back = f"http://127.0.0.1:{own}/studio/sign-in/provider/back"
    command = [sys.executable, "-m", "tests.rig.canaille_program", str(port), back]
    program = Program(command, env=plain_environment(HOME=str(folder)), cwd=ROOT)
    try:
        program.wait_for("ready", within=60)
        given = {
            "PARLOUR_ALLOW_NETWORKS": "127.0.0.0/8,::1/128",
            "PARLOUR_OIDC_ISSUER": issuer,
            "PARLOUR_OIDC_CLIENT_ID": CLIENT,
            "PARLOUR_OIDC_CLIENT_SECRET": SECRET,
            "PARLOUR_OIDC_LABEL": "Canaille",
            **settings,
        }
        server = Server(storage, folder, nursery, **given)
        server.url = f"http://127.0.0.1:{own}"
        server.start()
        server.keep_secret(SECRET)
        try:
            yield server, issuer
        finally:
            server.close()
    finally:
        program.kill9()
