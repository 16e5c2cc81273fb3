"""A stand-in on the loopback address: an object with `handle(method, path, query, headers, body) -> (status, value)`.

A `Fault` makes one of its writes go wrong as networks and products do. What counts as a write is all but GET, unless the product
says otherwise with `reads(method, path)`.
"""

import contextlib
import http.server
import json
import threading
import urllib.parse

HOWS = ("400", "500", "lost before", "lost after")
"""A refusal, a breakdown, a connection that broke before the write and one that broke after it."""


class Fault:
    """The write number `at`, from 1, goes wrong; with `lasting`, nothing is answered from then on."""

    def __init__(self, how, at, lasting=False):
        self.how, self.at, self.lasting = how, at, lasting
        self.writes = 0

    @property
    def met(self):
        return self.writes >= self.at

    def of(self, write):
        """How this request goes wrong, or None."""
        if self.met and self.lasting:
            return "lost before"
        self.writes += write
        return self.how if write and self.writes == self.at else None


@contextlib.contextmanager
def serve(product, fault=None):
    """The address at which `product` answers while the block runs."""
    reads = getattr(product, "reads", lambda method, _path: method == "GET")

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            url = urllib.parse.urlsplit(self.path)
            query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            how = fault and fault.of(not reads(self.command, url.path))
            if how in ("400", "500"):
                return self.reply(int(how), {"message": "the product says no"})
            if how == "lost before":
                return self.hang_up()
            status, value = product.handle(self.command, urllib.parse.unquote(url.path), query, self.headers, body)
            return self.hang_up() if how == "lost after" else self.reply(status, value)

        def reply(self, status, value):
            text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def hang_up(self):
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
