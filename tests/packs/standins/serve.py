"""A stand-in on the loopback address: an object with `handle(method, path, query, headers, body) -> (status, value)`."""

import contextlib
import http.server
import json
import threading
import urllib.parse


@contextlib.contextmanager
def serve(product):
    """The address at which `product` answers while the block runs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            url = urllib.parse.urlsplit(self.path)
            query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, value = product.handle(self.command, url.path, query, self.headers, body)
            text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
