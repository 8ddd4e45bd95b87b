# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A user at work: model files are typed, cut and mixed up under the eyes of costate-lsp-server, which must answer everything and never end.

    lsp_typing.py MODEL.costate ...
"""
import json
import random
import subprocess
import sys
import time


class Session:
    def __init__(self):
        self.server = subprocess.Popen(["costate-lsp-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.requests = 0
        self.published = []  # (version, diagnostics)
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def read(self):
        length = 0
        while line := self.server.stdout.readline().strip():
            length = int(line.split(b":")[1])
        message = json.loads(self.server.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.published.append((message["params"]["version"], message["params"]["diagnostics"]))
        return message

    def ask(self, method, params=None):
        self.requests += 1
        self.send({"id": self.requests, "method": method, "params": params})
        while (message := self.read()).get("id") != self.requests:
            pass
        assert "result" in message, message
        return message["result"]

    def tell(self, method, params=None):
        self.send({"method": method, "params": params})

    def diagnostics(self, version):
        while not any(published == version for published, _ in self.published):
            self.read()
        return next(diagnostics for published, diagnostics in self.published if published == version)


def place(text, at):
    line = text[:at].split("\n")
    return {"line": len(line) - 1, "character": len(line[-1].encode("utf-16-le")) // 2}


def broken(text, chance):
    """The text as it is now and then while it is written."""
    at = chance.randrange(len(text) + 1)
    lines = text.split("\n")
    yield text[:at], at
    yield text[:at] + chance.choice(["(", ")", "{", "}", "[", '"', "#", ".", " = ", "\U0001f600", "model m {", "each k in "]) + text[at:], at
    yield text[:at] + text[min(len(text), at + chance.randrange(1, 30)) :], at
    del lines[chance.randrange(len(lines))]
    yield "\n".join(lines), min(at, len("\n".join(lines)))


def work(session, path, chance):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    document = {"uri": "file://" + path}
    session.published.clear()
    session.tell("textDocument/didOpen", {"textDocument": {**document, "languageId": "costate", "version": 0, "text": text}})
    assert session.diagnostics(0) == [], path
    version = 0
    for _ in range(6):
        for version, (now, at) in enumerate([*broken(text, chance), (text, len(text) // 2)], version + 1):
            session.tell("textDocument/didChange", {"textDocument": {**document, "version": version}, "contentChanges": [{"text": now}]})
            where = {"textDocument": document, "position": place(now, at)}
            for question in ("completion", "hover", "definition", "documentSymbol", "formatting"):
                session.ask("textDocument/" + question, where)
            found = session.diagnostics(version)
            assert now != text or found == [], (path, found)
    session.tell("textDocument/didClose", {"textDocument": document})


def give_up(session):
    """An import that takes long ends when its text is changed, and says nothing."""
    document = {"uri": "file:///long.costate"}
    lines = "check \"long\" {\n  y = 0\n  each k in 0..%d { y <- y + k }\n  expect y ~= 0 within 0\n}\n"
    session.published.clear()
    begin = time.monotonic()
    session.tell("textDocument/didOpen", {"textDocument": {**document, "languageId": "costate", "version": 1, "text": lines % 500000}})
    session.ask("textDocument/documentSymbol", {"textDocument": document})
    session.tell("textDocument/didChange", {"textDocument": {**document, "version": 2}, "contentChanges": [{"text": lines % 3}]})
    assert session.diagnostics(2) == []
    assert 1 not in [version for version, _ in session.published]
    assert time.monotonic() - begin < 60, "to the end it would take an hour"


def main():
    session = Session()
    chance = random.Random(1)
    for path in sys.argv[1:]:
        work(session, path, chance)
    give_up(session)
    session.ask("shutdown")
    session.tell("exit")
    assert session.server.wait() == 0
    print(f"{session.requests} answers")


if __name__ == "__main__":
    main()
