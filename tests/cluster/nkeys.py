"""Keys and credentials as nsc makes them for nats-server, of openssl's Ed25519 alone: an operator who signs accounts, which sign users."""
import base64
import json
import os
import subprocess
import tempfile

OPERATOR, ACCOUNT, USER, SEED = 14 << 3, 0, 20 << 3, 18 << 3
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def crc16(data):
    """XMODEM's."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def base32(data):
    return base64.b32encode(data + crc16(data).to_bytes(2, "little")).decode().rstrip("=")


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    def __init__(self, kind):
        self.kind, self.secret = kind, os.urandom(32)
        with tempfile.NamedTemporaryFile() as file:
            file.write(PKCS8 + self.secret)
            file.flush()
            public = openssl("pkey", "-inform", "DER", "-in", file.name, "-pubout", "-outform", "DER")[-32:]
        self.name = base32(bytes([kind]) + public)

    def seed(self):
        return base32(bytes([SEED | self.kind >> 5, (self.kind & 31) << 3]) + self.secret)

    def sign(self, text):
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (("key", PKCS8 + self.secret), ("text", text.encode())):
                with open(f"{folder}/{name}", "wb") as file:
                    file.write(data)
            return openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", f"{folder}/key", "-in", f"{folder}/text")

    def vouch(self, for_key, name, kind, **claims):
        """A JWT in which this key says what another one is."""
        said = {"jti": os.urandom(16).hex(), "iat": 1790000000, "iss": self.name, "name": name, "sub": for_key.name,
                "nats": {**claims, "type": kind, "version": 2}}
        text = ".".join(base64url(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, said))
        return f"{text}.{base64url(self.sign(text))}"


NO_LIMITS = {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
ALL_STORAGE = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}


class Operator:
    """Of one nats-server: an account that may store things, and the one of the server itself."""

    def __init__(self):
        self.key, self.account, self.system = Key(OPERATOR), Key(ACCOUNT), Key(ACCOUNT)

    def config(self):
        jwt = self.key.vouch(self.key, "test", "operator", system_account=self.system.name)
        accounts = {self.account.name: self.key.vouch(self.account, "BRUNT", "account", limits={**NO_LIMITS, **ALL_STORAGE}),
                    self.system.name: self.key.vouch(self.system, "SYS", "account", limits=NO_LIMITS)}
        preload = "\n".join(f"{name}: {account}" for name, account in accounts.items())
        return f"operator: {jwt}\nsystem_account: {self.system.name}\nresolver: MEMORY\nresolver_preload {{\n{preload}\n}}\n"

    def creds(self, name, account=None):
        """The text of a .creds file."""
        user = Key(USER)
        jwt = (account or self.account).vouch(user, name, "user", subs=-1, data=-1, payload=-1)
        return (f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
                f"-----BEGIN USER NKEY SEED-----\n{user.seed()}\n------END USER NKEY SEED------\n")
