"""Connections with TLS that were used once and are kept."""

import resource
import socket
import ssl


def hold(server, count):
    """Opens `count` of them; the KiB that one takes of the server, and the MiB that it has then."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    context = ssl.create_default_context(cafile=server.authority)
    use(connect(server, context)).close()
    before, connections = server.memory(), []
    try:
        for _ in range(count):
            connections.append(use(connect(server, context)))
        after = server.memory()
        for connection in connections[:: max(1, count // 100)]:
            use(connection)
    finally:
        for connection in connections:
            connection.close()
    return (after - before) * 1024 / count, after


def connect(server, context):
    connection = socket.create_connection(("127.0.0.1", server.tls_port), timeout=30)
    # As clients of registries do: what follows the handshake does not wait for its acknowledgement.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(connection, server_hostname="localhost")


def use(connection):
    """Asks for something small, and reads the answer to its end."""
    connection.sendall(b"HEAD /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(4096)
        assert piece, "a connection was not kept"
        answer += piece
    return connection
