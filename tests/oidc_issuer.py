"""A real OpenID Connect issuer over HTTP on loopback: `oidc-provider-mock`, which is built on authlib.

It leaves PKCE out, so that is checked here, before its own code sees a request for a token.
"""

import base64
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import flask
import oidc_provider_mock
import requests
from werkzeug.serving import make_server


class Issuer:
    """One issuer: whom it knows, what it was asked for, and a way to answer as its user would."""

    def __init__(self):
        os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it speaks http, on loopback
        self.app = oidc_provider_mock.app(require_nonce=True)
        self.challenges: dict[str, str] = {}
        self.asked: list[dict] = []
        self.wrong_verifiers = 0
        self.app.after_request(self._remember_challenge)
        self.app.before_request(self._check_verifier)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def _remember_challenge(self, response):
        if flask.request.path == "/oauth2/authorize" and response.status_code == 302:
            query = parse_qs(urlsplit(response.location).query)
            if "code" in query:
                asked = flask.request.args.to_dict()
                self.asked.append(asked)
                assert asked["code_challenge_method"] == "S256"
                self.challenges[query["code"][0]] = asked["code_challenge"]
        return response

    def _check_verifier(self):
        if flask.request.path != "/oauth2/token":
            return None
        verifier = flask.request.form.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if self.challenges.get(flask.request.form.get("code", "")) == challenge:
            return None
        self.wrong_verifiers += 1
        return flask.jsonify(error="invalid_grant"), 400

    def knows(self, subject: str, **claims) -> None:
        requests.put(f"{self.url}/users/{subject}", json=claims, timeout=10).raise_for_status()

    def answer(self, address: str, subject: str | None) -> str:
        """Where the issuer sends the browser that came to `address`, when `subject` signs in there (None: says no)."""
        form = {"sub": subject} if subject else {"action": "deny"}
        response = requests.post(address, data=form, allow_redirects=False, timeout=10)
        assert response.status_code == 302, response.text
        return response.headers["Location"]


@contextmanager
def running() -> Iterator[Issuer]:
    issuer = Issuer()
    thread = threading.Thread(target=issuer.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        issuer.server.shutdown()
        thread.join()
        issuer.server.server_close()
