"""The tests meet the loopback alone: any other address fails the test that asks for it."""

import ipaddress
import socket

import pytest

# Of no machine (RFC 6761): what a test of an unknown name asks for.
NOWHERE = ".invalid"


class Guard:
    """Stands before the sockets of this process; `is_open` lets everything through."""

    def __init__(self):
        self.is_open = False
        self._connect = socket.socket.connect
        self._connect_ex = socket.socket.connect_ex
        self._sendto = socket.socket.sendto
        self._getaddrinfo = socket.getaddrinfo

    def install(self, patch):
        """Stand before the sockets until `patch` is undone."""
        guard = self

        def connect(self, address):
            guard.check(self.family, address)
            return guard._connect(self, address)

        def connect_ex(self, address):
            guard.check(self.family, address)
            return guard._connect_ex(self, address)

        def sendto(self, data, *told):
            guard.check(self.family, told[-1])
            return guard._sendto(self, data, *told)

        def getaddrinfo(host, *told, **named):
            guard.check_name(host)
            return guard._getaddrinfo(host, *told, **named)

        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket.socket, "sendto", sendto)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)

    def check(self, family, address):
        if family in {socket.AF_INET, socket.AF_INET6}:
            self.check_name(address[0])

    def check_name(self, host):
        name = host.decode() if isinstance(host, bytes) else host
        if not (self.is_open or name is None or _is_ours(name)):
            pytest.fail(f"{name}: a test may only meet the loopback")


def _is_ours(name):
    if name in {"", "localhost"} or name.endswith(NOWHERE):
        return True
    try:
        return ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False
