"""A demonstration on a private data folder, and a doctor signed in to it."""

import http.client
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.parse


class Site:
    """Runs `sigilo demo`; `started_s` is the time from the command to the first page."""

    def __init__(self, sigilo):
        self.sigilo = sigilo
        self.data = tempfile.mkdtemp(prefix="sigilo-bench-")
        os.chmod(self.data, 0o755)
        self.start()

    def start(self):
        begun = time.monotonic()
        environment = dict(os.environ, SIGILO_REQUESTS_PER_SECOND="10000000", SIGILO_LOG="warn")
        self.process = subprocess.Popen(
            [self.sigilo, "demo", "--data", self.data, "--listen", "127.0.0.1:0"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.links = []
        for line in self.process.stdout:
            if found := re.search(r"Sigilo está em http://localhost:(\d+)", line):
                self.port = int(found[1])
                self.origin = f"http://localhost:{self.port}"
            if found := re.search(r"(/entrar/link/\S+)", line):
                self.links.append(found[1])
            if "Ctrl+C" in line:
                break
        status, _, _ = self.request("GET", "/entrar")
        assert status == 200, status
        self.started_s = time.monotonic() - begun

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def request(self, method, path, form=None, body=None, cookie=None):
        """Status, headers and body of one request."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        if cookie:
            headers["Cookie"] = cookie
        content = None
        if form is not None:
            content = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if body is not None:
            content = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, answer.headers, text

    def sign_in(self, person=1):
        """The cookie of one of the demonstration's people, by position."""
        status, headers, _ = self.request("POST", self.links[person], form={})
        assert status == 303, status
        return headers["Set-Cookie"].split(";")[0]

    def doctor(self):
        """The cookie of a doctor who has finished the onboarding."""
        cookie = self.sign_in()
        form = {"full_name": "Dr. Otávio Lacerda Nunes", "crm_number": "54321", "crm_state": "SP", "specialty": "Cardiologia",
                "terms_of_service": "on", "data_processing": "on", "ai_processing": "on", "image_processing": "on"}
        status, _, text = self.request("POST", "/boas-vindas", form=form, cookie=cookie)
        assert status == 303, (status, text[:500])
        return cookie

    def conversation(self, cookie, messages):
        """A conversation with so many messages."""
        status, headers, _ = self.request("POST", "/conversas", form={}, cookie=cookie)
        assert status == 303, status
        conversation = headers["Location"].rsplit("/", 1)[1]
        for number in range(messages):
            text = f"Paciente Maria Teste, CPF 123.456.789-00, {20 + number} anos, PA 120x80, FC 82 bpm, dor torácica há {number} dias."
            status, _, answer = self.request(
                "POST", "/api/v1/process-message", body={"conversation_id": conversation, "message": text}, cookie=cookie)
            assert status == 200, (status, answer)
        return conversation

    def database(self, role):
        """The connection string of a role."""
        return subprocess.check_output([self.sigilo, "db", "url", "--role", role, "--data", self.data], text=True).strip()
