"""A time-stamping authority of the tests' own: openssl, a root, and a certificate for stamps."""

import subprocess
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

_CONFIG = """
[ req ]
distinguished_name = name
prompt = no
[ name ]
CN = {name}
[ root ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[ stamps ]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ servers ]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
[ tsa ]
default_tsa = here
[ here ]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
crypto_device = builtin
"""


@dataclass
class Authority:
    """An authority, its files in a folder."""

    folder: Path
    chain: str = "root.pem"
    """The certificates that come along with a stamp, beside its own."""

    @property
    def root(self) -> bytes:
        """The certificate that its own is issued by, PEM."""
        return (self.folder / "root.pem").read_bytes()

    @property
    def own(self) -> bytes:
        """The certificate that it stamps by, PEM."""
        return (self.folder / "tsa.pem").read_bytes()

    def stamp(self, data: bytes) -> bytes:
        """Its answer to a request for a stamp of the data's SHA-256, by the machine's clock."""
        folder = self.folder
        digest = sha256(data).hexdigest()
        query = ["-query", "-digest", digest, "-sha256", "-cert", "-no_nonce"]
        run("ts", *query, "-out", f"{folder}/query.tsq")
        return self.answer((folder / "query.tsq").read_bytes())

    def answer(self, query: bytes) -> bytes:
        """Its answer to a request, a refusal perhaps."""
        folder = self.folder
        (folder / "query.tsq").write_bytes(query)
        reply = ["-reply", "-config", f"{folder}/openssl.cnf", "-queryfile", f"{folder}/query.tsq"]
        signer = ["-signer", f"{folder}/tsa.pem", "-inkey", f"{folder}/tsa.key"]
        chain = ["-chain", f"{folder}/{self.chain}"]
        run("ts", *reply, *signer, *chain, "-out", f"{folder}/answer.tsr")
        return (folder / "answer.tsr").read_bytes()


def run(*arguments: str) -> None:
    """openssl, which must succeed."""
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def authority(folder: Path, kind: str = "ec", extensions: str = "stamps") -> Authority:
    """A new authority, with keys of that kind (`ec` or `rsa`) and a root of its own."""
    config = folder / "openssl.cnf"
    config.write_text(_CONFIG.format(folder=folder, name=folder.name))
    (folder / "serial").write_text("01")
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    new = ["-newkey", "rsa:2048"] if kind == "rsa" else new
    common = ["req", "-config", str(config), "-nodes", *new]
    root = ["-x509", "-days", "3650", "-extensions", "root"]
    run(*common, *root, "-keyout", f"{folder}/root.key", "-out", f"{folder}/root.pem")
    own = ["-keyout", f"{folder}/tsa.key", "-out", f"{folder}/tsa.csr"]
    run(*common, "-subj", "/CN=stamps", *own)
    issue = ["x509", "-req", "-in", f"{folder}/tsa.csr", "-days", "3650", "-CAcreateserial"]
    by = ["-CA", f"{folder}/root.pem", "-CAkey", f"{folder}/root.key"]
    what = ["-extfile", str(config), "-extensions", extensions, "-out", f"{folder}/tsa.pem"]
    run(*issue, *by, *what)
    return Authority(folder)


def cross_signed(tsa: Authority, by: Authority) -> Authority:
    """The same, but its root comes along as another authority's root has signed it."""
    config, root = f"{tsa.folder}/openssl.cnf", f"{tsa.folder}/root"
    run("req", "-new", "-config", config, "-key", f"{root}.key", "-out", f"{root}.csr")
    issuer = ["-CA", f"{by.folder}/root.pem", "-CAkey", f"{by.folder}/root.key", "-CAcreateserial"]
    what = ["-extfile", config, "-extensions", "root", "-out", f"{tsa.folder}/cross.pem"]
    run("x509", "-req", "-in", f"{root}.csr", "-days", "3650", *issuer, *what)
    return replace(tsa, chain="cross.pem")
