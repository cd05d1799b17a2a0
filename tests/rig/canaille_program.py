"""Canaille, an OpenID provider that is not ours, with one person and one client, in memory.

Run as `python -m tests.rig.canaille_program PORT ANSWER_ADDRESS`.
"""

import sys
from datetime import UTC, datetime
from typing import Any

CLIENT, SECRET = "parlour", "a secret between the two"
LOGIN, PASSWORD, EMAIL = "ben", "a password at the provider", "ben@team.example"


def main(port: int, answer_address: str) -> None:
    from canaille import create_app
    from joserfc.jwk import RSAKey
    from werkzeug.serving import make_server

    key = RSAKey.generate_key(2048, auto_kid=True)
    settings: dict[str, Any] = {
        "SECRET_KEY": "a key that signs the provider's own cookies",
        "SERVER_NAME": f"localhost:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "memory", "CAPTCHA_ENABLED": False, "SMTP": None},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
    }
    app = create_app(settings)
    with app.app_context():
        _fill(answer_address)
    server = make_server("127.0.0.1", port, app, threaded=True)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


def _fill(answer_address: str) -> None:
    from canaille.app import models
    from canaille.backends import Backend

    rows: Any = Backend.instance
    kinds: Any = models
    rows.save(
        kinds.User(
            user_name=LOGIN,
            given_name="Ben",
            family_name="Okri",
            formatted_name="Ben Okri",
            emails=[EMAIL],
            password=PASSWORD,
        )
    )
    client = kinds.Client(
        client_id=CLIENT,
        client_name="Parlour",
        client_secret=SECRET,
        client_uri="https://parlour.example",
        redirect_uris=[answer_address],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "email", "profile"],
        token_endpoint_auth_method="client_secret_basic",
        client_id_issued_at=datetime.now(UTC),
    )
    rows.save(client)
    client.audience = [client]
    rows.save(client)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
