"""sockets.py PORT [tls]: a WebSocket server of somebody else's (python3-websockets), at /talk alone; with tls, by a certificate
that it has just signed itself. It sends back what it is sent, but to "send N WORD": N messages, the last of which says WORD;
to "greet me twice": its answer, and a message that nobody asked for; to "close CODE": a message's beginning, and that. A connection that
ends without a close frame is counted off the messages."""
import asyncio
import http
import os
import signal
import ssl
import subprocess
import sys
import tempfile

import websockets

MESSAGES = [0]


async def send(socket, words):
    for i in range(int(words[1])):
        await socket.send(words[2] if i + 1 == int(words[1]) else f"tick {i}")
        await asyncio.sleep(0.002)


async def close(socket, words):
    async def pieces():
        yield "half of "
        await socket.close(int(words[1]), "out of cheese")
        yield "it"
    await socket.send(pieces())


async def talk(socket):
    await socket.ping("are you there?")
    try:
        async for message in socket:
            MESSAGES[0] += 1
            words = message.split() if isinstance(message, str) else []
            if words[:1] == ["send"]:
                await send(socket, words)
            elif words[:1] == ["close"]:
                await close(socket, words)
            elif words[:1] == ["greet"]:
                await socket.send(message)
                await socket.send("hello again")
            else:
                await socket.send([message[:3], message[3:]] if len(message) > 6 else message)  # in fragments
    except websockets.ConnectionClosed:
        pass
    await socket.wait_closed()
    MESSAGES[0] -= socket.close_code == 1006


async def check_path(path, _):
    return None if path == "/talk?of=brunt" else (http.HTTPStatus.NOT_FOUND, [], b"there is nobody there\n")


def certificate():
    with tempfile.TemporaryDirectory() as folder:
        pem = os.path.join(folder, "all.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/CN=localhost", "-keyout", pem, "-out", pem + ".crt"], check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem + ".crt", pem)
        return context


async def main():
    over = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set_result, None)
    context = certificate() if "tls" in sys.argv else None
    async with websockets.serve(talk, "127.0.0.1", int(sys.argv[1]), ssl=context, process_request=check_path,
                                subprotocols=["talk.v2"], compression=None) as server:
        print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await over
    print(f"requests {MESSAGES[0]}", flush=True)

asyncio.run(main())
