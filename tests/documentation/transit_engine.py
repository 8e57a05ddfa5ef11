"""A stand-in for the transit engine of Vault: its HTTP interface, as far as the page on signing keys uses it."""

from base64 import b64decode, b64encode
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TOKEN = "hvs.of-the-test"  # noqa: S105  # a test's


class TransitEngine:
    """An engine with one key, whose versions were made long ago. ``status`` is that of all answers, if it is set."""

    def __init__(self, *versions: RSAPrivateKey) -> None:
        self._versions = dict(enumerate(versions, 1))
        self.status: int | None = None
        app = web.Application()
        app.router.add_get("/v1/transit/keys/keyturn", self._keys)
        app.router.add_post("/v1/transit/sign/keyturn/sha2-256", self._sign)
        self.server = TestServer(app)

    async def _keys(self, request: web.Request) -> web.Response:
        keys = {
            str(number): {
                "creation_time": f"2026-01-0{number}T10:00:00.123456789Z",
                "public_key": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            }
            for number, key in self._versions.items()
        }
        return self._answer(request, {"type": "rsa-2048", "keys": keys})

    async def _sign(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert (asked["signature_algorithm"], asked["prehashed"]) == ("pkcs1v15", True)
        key = self._versions[asked["key_version"]]
        signature = key.sign(b64decode(asked["input"]), PKCS1v15(), Prehashed(SHA256()))
        return self._answer(request, {"signature": f"vault:v{asked['key_version']}:{b64encode(signature).decode()}"})

    def _answer(self, request: web.Request, content: dict[str, Any]) -> web.Response:
        if request.headers["X-Vault-Token"] != TOKEN:
            raise web.HTTPForbidden
        return web.json_response({"data": content}, status=self.status or 200)
