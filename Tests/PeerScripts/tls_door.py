"""tls_door.py PORT CERTIFICATE KEY [AUTHORITY]: speaks TLS at a free port, which it prints, and passes on to PORT what it
hears. With an authority, clients have to show a certificate of its."""
import asyncio
import ssl
import sys

port, certificate, key, *authority = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
if authority:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority[0])


async def carry(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (OSError, ssl.SSLError):
        pass
    writer.close()


async def serve(reader, writer):
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", int(port))
    except OSError:
        return writer.close()
    await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
