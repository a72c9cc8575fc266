from pathlib import Path

from deploy.processes import free_port, port_is_free

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_free_port__when_many_are_asked_for__then_each_is_another_and_none_that_an_outgoing_connection_may_take() -> (
    None
):
    ports = [free_port() for _ in range(200)]

    first = int(EPHEMERAL.read_text().split()[0]) if EPHEMERAL.exists() else 32_768
    assert len(set(ports)) == len(ports)
    assert all(1_024 <= port < first and port_is_free(port) for port in ports)
