"""The proxies of `deploy/`, run as they are shipped but for addresses and certificates."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.processes import ROOT, free_port, wait_for

NGINX_CONF = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    {temporary}
    include {site};
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Proxy:
    """A running proxy with TLS, the certificate to trust, and what opens the system behind it."""

    port: int
    plain_port: int
    authority: Path
    token: str = ""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"


@contextmanager
def running_proxy(name: str, gateway_port: int, folder: Path) -> Iterator[Proxy]:
    """Run nginx or Caddy in front of a gateway; skip the test where there is none."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    certificate, key = make_certificate(folder)
    proxy = Proxy(free_port(), free_port(), certificate)
    prepare = _nginx if name == "nginx" else _caddy
    command = [program, *prepare(proxy, gateway_port, key, folder)]
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "proxy.log").open("w") as log:
        child = subprocess.Popen(command, stderr=log, stdout=log, env={**os.environ, **home})
        try:
            wait_for(lambda: answers(proxy) or child.poll() is not None)
            assert child.poll() is None, (folder / "proxy.log").read_text()
            yield proxy
        finally:
            child.terminate()
            child.wait(10)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Return a certificate of its own authority for localhost, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    return certificate, key


def answers(proxy: Proxy) -> bool:
    done = subprocess.run(
        ["curl", "-so", "/dev/null", "--cacert", str(proxy.authority), proxy.url],
        check=False,
        timeout=10,
    )
    return done.returncode == 0


def changed(file: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return a shipped file with some texts replaced, each of which must be there once."""
    text = (ROOT / "deploy" / file).read_text()
    for old, new in pairs:
        assert text.count(old) == 1, (file, old)
        text = text.replace(old, new)
    return text


def _nginx(proxy: Proxy, gateway_port: int, key: Path, folder: Path) -> list[str]:
    pairs = (
        ("server 127.0.0.1:8080;", f"server 127.0.0.1:{gateway_port};"),
        ("listen 80;", f"listen 127.0.0.1:{proxy.plain_port};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{proxy.port} ssl http2;"),
        ("server_name rack.example.org;", "server_name localhost;"),
        ("/etc/ssl/lensbus/fullchain.pem", str(proxy.authority)),
        ("/etc/ssl/lensbus/key.pem", str(key)),
    )
    site = folder / "site.conf"
    site.write_text(changed("nginx/lensbus.conf", pairs))
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    conf = folder / "nginx.conf"
    conf.write_text(NGINX_CONF.format(folder=folder, site=site, temporary=temporary))
    return ["-p", str(folder), "-e", "stderr", "-c", str(conf)]


def _caddy(proxy: Proxy, gateway_port: int, key: Path, folder: Path) -> list[str]:
    pairs = (
        ("grace_period 5s", f"grace_period 1s\n\tadmin off\n\thttp_port {proxy.plain_port}"),
        ("\nrack.example.org {", f"\nhttps://localhost:{proxy.port} {{"),
        ("\ttls internal\n", f"\ttls {proxy.authority} {key}\n"),
        ("reverse_proxy 127.0.0.1:8080 {", f"reverse_proxy 127.0.0.1:{gateway_port} {{"),
    )
    file = folder / "Caddyfile"
    file.write_text(changed("caddy/Caddyfile", pairs))
    return ["run", "--adapter", "caddyfile", "--config", str(file)]
