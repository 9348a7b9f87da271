"""Servers of HTTP/2 that break its rules, or bend them, by python3-h2: each behaviour answers one request.

A peer whose behaviour is of this file speaks HTTP/2 from the first byte (prior knowledge) and counts the requests that
came whole, as the others do.
"""
try:
    import h2.config
    import h2.connection
    import h2.errors
    import h2.events
    import h2.settings
    import hyperframe.frame
except ImportError:
    h2 = None  # whoever wants it fails, and says what to install

PINGS = 20000  # several reads full of them


class Stream:
    """One request on its connection; `number` counts those of the connection, from 0."""

    def __init__(self, peer, connection, stream_id, number, fields):
        self.peer, self.connection, self.id, self.number = peer, connection, stream_id, number
        self.fields = dict(fields)

    def answer(self, body=b"ok", status=b"200"):
        self.connection.send_headers(self.id, [(b":status", status)])
        self.connection.send_data(self.id, body, end_stream=True)

    def reset(self, code):
        self.connection.reset_stream(self.id, code)


def h2_resets(stream):
    """Of ten, five are told why not, each another reason. What was refused is sent again, and has another number then."""
    codes = h2.errors.ErrorCodes
    reasons = {2: codes.INTERNAL_ERROR, 4: codes.ENHANCE_YOUR_CALM, 5: codes.HTTP_1_1_REQUIRED, 6: codes.CANCEL, 8: codes.REFUSED_STREAM}
    if stream.number % 10 in reasons:
        stream.reset(reasons[stream.number % 10])
    else:
        stream.answer()


def h2_goaway(stream):
    """The twentieth request of a connection is its last one: those after it are left out, and are sent elsewhere."""
    if stream.number < 20:
        stream.answer()
    if stream.number == 19:  # the library itself would say no more after it
        stream.connection._data_to_send += hyperframe.frame.GoAwayFrame(0, last_stream_id=stream.id).serialize()


def h2_window_0(stream):
    """Never reached by a request with a body: no window is ever opened for one."""
    stream.answer()


h2_window_0.settings = {"INITIAL_WINDOW_SIZE": 0}


def h2_pings(stream):
    for _ in range(PINGS):
        stream.connection.ping(b"12345678")
    stream.answer()


def h2_fewer(stream):
    """Takes ten streams at a time, and from the twentieth on two. More at once is a failure of the client's."""
    if stream.number == 20:
        stream.connection.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 2})
    stream.answer()


h2_fewer.settings = {"MAX_CONCURRENT_STREAMS": 10}

for behaviour in (h2_resets, h2_goaway, h2_window_0, h2_pings, h2_fewer):
    behaviour.speaks_h2 = True
BEHAVIOURS = {f.__name__: f for f in (h2_resets, h2_goaway, h2_window_0, h2_pings, h2_fewer)}


def greet(behaviour):
    connection = h2.connection.H2Connection(config=h2.config.H2Configuration(client_side=False, header_encoding=False))
    settings = {getattr(h2.settings.SettingCodes, name): value for name, value in getattr(behaviour, "settings", {}).items()}
    defaults = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 100}
    connection.local_settings = h2.settings.Settings(client=False, initial_values=defaults | settings)
    connection.initiate_connection()
    return connection


def serve(peer, behaviour, socket):
    """One connection, until the client has gone."""
    connection, number, under_way = greet(behaviour), 0, {}
    socket.sendall(connection.data_to_send())
    while received := socket.recv(65536):
        for event in connection.receive_data(received):
            if isinstance(event, h2.events.RequestReceived):
                under_way[event.stream_id] = event.headers
            elif isinstance(event, h2.events.DataReceived):
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                under_way.pop(event.stream_id, None)
            elif isinstance(event, h2.events.StreamEnded):
                with peer.lock:
                    peer.requests += 1
                behaviour(Stream(peer, connection, event.stream_id, number, under_way.pop(event.stream_id)))
                number += 1
        socket.sendall(connection.data_to_send())
