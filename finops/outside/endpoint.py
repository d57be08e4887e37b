"""Where we may connect to: public hosts over HTTPS, and private hosts that the operator named.

An address that somebody typed into a form must not reach the machine's own network, so the
name is resolved here, every address is checked, and the caller connects to what was checked.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# A plain name or address and nothing a lenient parser could read in another way: no user, no
# backslash, no escape, no trailing dot, no letters beyond ASCII.
PLAIN_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,8}|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:[/?][^\s\\]*)?",
    re.IGNORECASE | re.ASCII,
)
LAST_PORT = 65535
INNER_SUFFIXES = (".internal", ".local", ".localhost", ".localdomain", ".lan", ".home.arpa")
# Ranges that count as global and still lead somewhere private, or nowhere.
TRANSLATED = tuple(
    ip_network(block)
    for block in (
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "fec0::/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "100.64.0.0/10",
    )
)


class EndpointNotAllowedError(Exception):
    """The address is one we never connect to. Says which and why."""

    code = "endpoint_not_allowed"


@dataclass(frozen=True)
class Endpoint:
    """The parts of an address that passed, and whether it may be private."""

    scheme: str
    host: str
    port: int
    is_private: bool


def endpoint(url: str, private_hosts: Iterable[str] = ()) -> Endpoint:
    """Take an address apart; raise EndpointNotAllowedError unless its form is allowed.

    private_hosts: `host` or `host:port`, as the operator wrote them.
    """
    match = PLAIN_URL.fullmatch(url)
    if match is None:
        raise EndpointNotAllowedError(
            "The address must be https://host[:port]/path, plainly written"
        )
    scheme, host = match["scheme"].lower(), match["host"].lower().strip("[]")
    port = int(match["port"] or (443 if scheme == "https" else 80))
    if port > LAST_PORT:
        raise EndpointNotAllowedError(f"There is no port {port}")
    named = {name.lower() for name in private_hosts}
    is_private = bool(named & {host, f"{host}:{port}"})
    if not is_private:
        if scheme != "https":
            raise EndpointNotAllowedError(f"{host} must be reached by https")
        if host == "localhost" or host.endswith(INNER_SUFFIXES):
            raise EndpointNotAllowedError(f"{host} is a name inside a private network")
    return Endpoint(scheme, host, port, is_private)


def addresses(host: str, port: int, *, is_private: bool) -> list[str]:
    """Resolve the host. One address that is not public fails all of them.

    Raises EndpointNotAllowedError, or OSError when the name has no address.
    """
    found = dict.fromkeys(
        str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    for address in found:
        if not is_private and not is_public(ip_address(address)):
            raise EndpointNotAllowedError(
                f"{host} leads to {address}, which is not a public address"
            )
    return list(found)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is a single host on the public internet."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_multicast or not address.is_global:
        return False
    return not any(address.version == block.version and address in block for block in TRANSLATED)
