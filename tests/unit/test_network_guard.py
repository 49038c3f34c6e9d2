"""No test reaches another machine: connections, datagrams and names alike."""

import socket
import subprocess
import sys
import urllib.request

import httpx
import pytest

ELSEWHERE = "192.0.2.1"  # of documentation (RFC 5737): no machine has it
REFUSED = "a test may only meet the loopback"


@pytest.mark.parametrize(
    "reach",
    [
        pytest.param(lambda: socket.create_connection((ELSEWHERE, 80), 0.1), id="a connection"),
        pytest.param(lambda: httpx.get(f"http://{ELSEWHERE}/", timeout=0.1), id="httpx"),
        pytest.param(lambda: httpx.get("http://data.geopf.fr/", timeout=0.1), id="a name"),
        pytest.param(lambda: urllib.request.urlopen(f"http://{ELSEWHERE}"), id="urllib"),
        pytest.param(lambda: socket.socket().connect_ex((ELSEWHERE, 80)), id="a quiet connection"),
        pytest.param(
            lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"", (ELSEWHERE, 53)),
            id="a datagram",
        ),
        pytest.param(
            lambda: socket.socket(socket.AF_INET6).connect(("2001:db8::1", 80)), id="IPv6"
        ),
    ],
)
@pytest.mark.usefixtures("no_proxy_at_all")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_another_machine_is_out_of_reach(reach):
    with pytest.raises(pytest.fail.Exception, match=REFUSED):
        reach()


@pytest.fixture
def no_proxy_at_all(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["127.0.0.1", "127.8.9.10", "localhost"])
def test_the_loopback_is_met(name):
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection((name, port), 2).close()


def test_a_command_started_by_a_test_is_forbidden_to_connect(tmp_path):
    command = [sys.executable, "-c", "from pipeline.cli import app; app()"]
    asked = ["run", "62041", "--data", str(tmp_path / "data"), "--out", str(tmp_path)]
    done = subprocess.run([*command, *asked], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "introuvable" in done.stderr
    assert not (tmp_path / "data").exists()
