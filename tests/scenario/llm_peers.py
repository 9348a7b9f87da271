"""Peers of the streaming kind: what an LLM server says when it is well, and the ways in which it is not. OpenAI's chat
dialect, since what is judged here is what all dialects have in common.
"""
import gzip
import json
import zlib


def event(**members):
    return b"data: " + json.dumps(members).encode() + b"\n\n"


def delta(finish=None, **channels):
    return event(id="c", object="chat.completion.chunk", choices=[{"index": 0, "delta": channels, "finish_reason": finish}])


ROLE = delta(role="assistant", content="")
FINISH = delta(finish="stop")
USAGE = event(choices=[], usage={"prompt_tokens": 7, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2}})
DONE = b"data: [DONE]\n\n"
TOKENS = [delta(content=f" t{i}") for i in range(5)]
WHOLE = b"".join([ROLE, *TOKENS, FINISH, USAGE, DONE])
SSE = b"Content-Type: text/event-stream; charset=utf-8\r\n"


def begin(request, headers=SSE, status=b"200 OK"):
    request.send(b"HTTP/1.1 %s\r\n%sTransfer-Encoding: chunked\r\n\r\n" % (status, headers))


def chunk(piece):
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def end(request):
    request.send(b"0\r\n\r\n")
    return True


def stream(request, *pieces, pause_s=0.005, headers=SSE):
    """A well-formed HTTP response whose body comes in these writes."""
    begin(request, headers)
    request.send(*map(chunk, pieces), pause_s=pause_s)
    return end(request)


def llm_good(request):
    return stream(request, b": ping\n\n", ROLE, *TOKENS, FINISH + USAGE + DONE)


def llm_byte_by_byte(request):
    return stream(request, *[WHOLE[i:i + 1] for i in range(len(WHOLE))], pause_s=0)


def llm_error_in_stream(request):
    return stream(request, ROLE, TOKENS[0], event(error={"message": "out of memory", "type": "internal", "code": 500}) + DONE)


def llm_no_terminator(request):
    """HTTP is happy; the API says that a stream ends with [DONE]."""
    return stream(request, ROLE, *TOKENS, FINISH)


def llm_no_finish(request):
    return stream(request, ROLE, *TOKENS, DONE)


def llm_broken_off(request):
    begin(request)
    request.send(chunk(ROLE + TOKENS[0]), chunk(TOKENS[1])[:20])
    return False


def llm_web_page(request):
    """A proxy's idea of an answer."""
    return stream(request, b"<html>Please wait</html>", headers=b"Content-Type: text/html\r\n")


def llm_role_only(request):
    return stream(request, ROLE, FINISH, DONE)


def llm_malformed(request):
    return stream(request, ROLE, TOKENS[0], b'data: {"choices":[{"delta":{"content":"x"},}]}\n\n', FINISH, DONE)


def llm_not_text(request):
    """NUL bytes in one answer, bytes that are no UTF-8 in the next."""
    bad = b"\x00" if request.number % 2 else b"\xff\xfe"
    return stream(request, ROLE, b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % bad, FINISH, DONE)


def llm_reasons_first(request):
    begin(request)
    request.send(chunk(ROLE), chunk(delta(reasoning_content="Hm")), pause_s=0.05)
    request.send(*map(chunk, TOKENS), chunk(FINISH + DONE), pause_s=0.005)
    return end(request)


def llm_coalesced(request):
    """Two reads bring tokens, five in all."""
    return stream(request, ROLE, b"".join(TOKENS[:3]), b"".join(TOKENS[3:]), FINISH + DONE, pause_s=0.02)


def llm_gzip(request):
    return stream(request, gzip.compress(WHOLE), headers=SSE + b"Content-Encoding: gzip\r\n")


def llm_packed(request):
    """A stream that is compressed as it comes, each event at once, for whoever asked for it: gzip, and every other time deflate."""
    if b"accept-encoding: gzip, deflate" not in request.head.lower():
        request.send(b"HTTP/1.1 406 Not Acceptable\r\nContent-Length: 0\r\n\r\n")
        return True
    name, wbits = (b"deflate", zlib.MAX_WBITS) if request.number % 2 else (b"gzip", zlib.MAX_WBITS | 16)
    packer = zlib.compressobj(wbits=wbits)
    pieces = [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in (ROLE, *TOKENS, FINISH + USAGE + DONE)]
    return stream(request, *pieces, packer.flush(), pause_s=0.01, headers=SSE + b"Content-Encoding: " + name + b"\r\n")


def llm_huge_event(request):
    """10 MB and no end of the line."""
    begin(request)
    request.send(chunk(b"data: "), *[chunk(b"x" * 65536)] * 160)
    return end(request)


def llm_never_ends(request):
    begin(request)
    while not request.peer.held.wait(0.02):
        request.send(chunk(TOKENS[0]))
    return False


def llm_overloaded(request):
    """Every other request is told to come back later, in JSON."""
    if request.number % 2:
        return llm_good(request)
    body = json.dumps({"error": {"message": "queue is full", "type": "overloaded", "code": None}}).encode()
    request.send(b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    return True


def llm_whole(request):
    """The answer as one JSON, whatever was asked for."""
    body = json.dumps({"choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
                       "usage": {"prompt_tokens": 7, "completion_tokens": 2}}).encode()
    request.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    return True


BEHAVIOURS = {f.__name__: f for f in (
    llm_good, llm_byte_by_byte, llm_error_in_stream, llm_no_terminator, llm_no_finish, llm_broken_off, llm_web_page, llm_role_only,
    llm_malformed, llm_not_text, llm_reasons_first, llm_coalesced, llm_gzip, llm_packed, llm_huge_event, llm_never_ends, llm_overloaded, llm_whole)}
