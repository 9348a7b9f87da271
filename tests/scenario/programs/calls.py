"""calls.py PORT: gRPC's own server (python3-grpcio), which knows no messages but bytes. /test.Calls/Echo answers what it was
sent, Count sends as many messages as its one byte says, Busy ends with UNAVAILABLE; its count comes when it is told to end."""
import concurrent.futures
import signal
import sys
import threading

import grpc

LOCK, OVER = threading.Lock(), threading.Event()
CALLS = [0]


def counted(method):
    def call(message, context):
        with LOCK:
            CALLS[0] += 1
        return method(message, context)
    return call


@counted
def echo(message, context):
    if ("x-of", "brunt") not in context.invocation_metadata() or context.time_remaining() > 100:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "there is no metadata, or no deadline")
    return message


@counted
def count(message, _):
    return (b"message %d" % i for i in range(message[0]))


@counted
def busy(_, context):
    context.abort(grpc.StatusCode.UNAVAILABLE, "busy")


HANDLERS = {"Echo": grpc.unary_unary_rpc_method_handler(echo), "Count": grpc.unary_stream_rpc_method_handler(count),
            "Busy": grpc.unary_unary_rpc_method_handler(busy)}
server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Calls", HANDLERS),))
port = server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
server.start()
signal.signal(signal.SIGTERM, lambda *_: OVER.set())
print(f"listening on http://127.0.0.1:{port}", flush=True)
OVER.wait()
server.stop(None).wait()
print(f"requests {CALLS[0]}", flush=True)
