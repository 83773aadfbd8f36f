"""The server behind the proxies: answers every request with its method, its path, its headers and its body.

guarded.py PORT
"""

import http.server
import sys


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def echo(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        lines = [f"{self.command} {self.path}", *(f"{name.lower()}: {value}" for name, value in self.headers.items())]
        answer = "\n".join([*lines, "", body]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_OPTIONS = echo

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
