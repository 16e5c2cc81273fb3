"""Requests as the import scripts make them: JSON in and out, an error of HTTP as a value, nothing but the standard library."""

import json
import urllib.error
import urllib.request
import uuid


class Refused(Exception):
    """An answer that says no: its status and its text."""

    def __init__(self, what, status, text):
        super().__init__(f"{what}: HTTP {status}: {text[:500]}")
        self.status = status


class Api:
    """An HTTP API below one address, with the same headers on every request."""

    def __init__(self, url, headers):
        self.url, self.headers = url.rstrip("/"), headers

    def send(self, method, path, body=None, headers=None):
        """The status and the text of an answer."""
        request = urllib.request.Request(self.url + path, data=body, method=method, headers={**self.headers, **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def json(self, method, path, body=None, missing_ok=False):
        """The JSON of an answer; None for 404 if that is no error."""
        data = None if body is None else json.dumps(body).encode()
        status, text = self.send(method, path, data, {"Content-Type": "application/json"})
        if status == 404 and missing_ok:
            return None
        if status >= 300:
            raise Refused(f"{method} {path}", status, text)
        return json.loads(text) if text else None

    def upload(self, path, name, text):
        """The JSON of the answer to a file sent as a form's field `file`."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = f"{head}Content-Type: application/ndjson\r\n\r\n{text}\r\n--{boundary}--\r\n".encode()
        status, answer = self.send("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        if status >= 300:
            raise Refused(f"POST {path}", status, answer)
        return json.loads(answer)
