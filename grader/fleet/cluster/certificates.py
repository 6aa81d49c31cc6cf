"""The class's own authority: whoever has a certificate of it may join, both ways; nobody else is let in."""

from __future__ import annotations

import datetime
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from grader.errors import InvalidConfig, disk_fault
from grader.fleet.cluster.dask_settings import CA, CERTIFICATE, KEY
from grader.language import _

YEARS = 5
_SECRET_FOLDER, _SECRET_FILE = 0o700, 0o600
COORDINATOR, WORKER = "coordinator", "worker"
_AUTHORITY = "authority"


@dataclass(frozen=True)
class _Issued:
    certificate: bytes
    key: bytes


def make_certificates(folder: Path) -> None:
    """Make an authority and certificates of it for coordinator and machines: all of the folder, or nothing.

    `coordinator/` stays here, `worker/` is copied to each machine, `authority/` is needed for nothing else.

    Raises:
        InvalidConfig: the folder is there already.
        EnvironmentFault: it cannot be written.
    """
    if folder.exists():
        raise InvalidConfig(
            _("{folder} is there already; the machines have copies of what is in it.").format(folder=folder),
            remedy=_("For new ones take the folder away, run this again, and copy worker/ to each machine anew."),
        )
    authority = _Authority()
    issued = {COORDINATOR: authority.issue("coordinator"), WORKER: authority.issue("worker")}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".certificates-", dir=folder.parent))  # mode 0700
        try:
            for name, own in issued.items():
                _write(made / name, {CA: authority.certificate, CERTIFICATE: own.certificate, KEY: own.key})
            _write(made / _AUTHORITY, {CA: authority.certificate, KEY: authority.key})
            made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise disk_fault(error, folder, "written") from error


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(mode=_SECRET_FOLDER)
    for name, data in files.items():
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_FILE), "wb") as file:
            file.write(data)


class _Authority:
    """An authority of our own, with a key that never leaves this machine."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder("authority", self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(is_authority=True), critical=True)
        self.certificate = self._signed(builder)
        self.key = _plain(self._key)

    def issue(self, name: str) -> _Issued:
        """A certificate for one side; both sides listen and call, so each is for both."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = self._builder(name, key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(is_authority=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return _Issued(self._signed(builder), _plain(key))

    def _builder(self, name: str, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name("authority"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))  # clocks of machines differ
            .not_valid_after(now + datetime.timedelta(days=365 * YEARS))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(issuer, critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder) -> bytes:
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Springfield Grader {name}")])


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=is_authority, crl_sign=is_authority, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _plain(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
