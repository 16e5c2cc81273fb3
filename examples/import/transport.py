"""Requests as the import scripts make them: JSON in and out, whatever goes wrong as one error, nothing but the standard library."""

import http.client
import json
import urllib.error
import urllib.request
import uuid


class Refused(Exception):
    """Something that did not happen, or of which nobody knows whether it did: what, and why."""

    def __init__(self, what, status, text):
        reason = f"HTTP {status}: {text[:500]}" if status else f"no answer: {text[:500]}"
        super().__init__(f"{what}: {reason}")
        self.status = status


class Api:
    """An HTTP API below one address, with the same headers on every request."""

    def __init__(self, url, headers, tls=None):
        self.url, self.headers, self.tls = url.rstrip("/"), headers, tls

    def send(self, method, path, body=None, headers=None):
        """The status and the text of an answer."""
        request = urllib.request.Request(self.url + path, data=body, method=method, headers={**self.headers, **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=300, context=self.tls) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise Refused(f"{method} {path}", None, str(error) or type(error).__name__) from error

    def json(self, method, path, body=None, missing_ok=False):
        """The JSON of an answer; None for 404 if that is no error."""
        data = None if body is None else json.dumps(body).encode()
        status, text = self.send(method, path, data, {"Content-Type": "application/json"})
        return self.read(f"{method} {path}", status, text, missing_ok)

    def upload(self, path, name, text):
        """The JSON of the answer to a file sent as a form's field `file`."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = f"{head}Content-Type: application/ndjson\r\n\r\n{text}\r\n--{boundary}--\r\n".encode()
        status, answer = self.send("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        return self.read(f"POST {path}", status, answer)

    @staticmethod
    def read(what, status, text, missing_ok=False):
        if status == 404 and missing_ok:
            return None
        if status >= 300:
            raise Refused(what, status, text)
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise Refused(what, status, f"an answer that is no JSON: {text}") from error
