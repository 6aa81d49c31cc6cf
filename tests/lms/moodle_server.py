"""A Moodle as far as grading sees it: an HTTP server with the functions of its web service, as its source has them.

Fields come flattened as PHP reads them, exceptions are JSON with HTTP 200, files come from webservice/pluginfile.php.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TOKEN = "0123456789abcdef0123456789abcdef"
PREFIX = "/moodle"
COURSE, CMID, INSTANCE = 7, 123, 9
FUNCTIONS = (
    "mod_assign_get_assignments", "mod_assign_get_submissions", "mod_assign_get_grades", "mod_assign_save_grades",
    "core_enrol_get_enrolled_users",
)  # fmt: skip


class MoodleError(Exception):
    """What Moodle answers as JSON with `exception` and `errorcode`."""

    def __init__(self, kind: str, code: str, message: str) -> None:
        super().__init__(message)
        self.plain = {"exception": kind, "errorcode": code, "message": message, "debuginfo": "internal"}


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`a[0][b]=c` as PHP makes an array of it; keys stay text."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        keys = [name.split("[", maxsplit=1)[0], *re.findall(r"\[([^\]]*)\]", name)]
        here = found
        for key in keys[:-1]:
            here = here.setdefault(key, {})
        here[keys[-1]] = value
    return found


@dataclass
class Moodle:
    """What the site knows, and what it was asked."""

    url: str = ""
    maximum: float = 20
    functions: tuple[str, ...] = FUNCTIONS
    users: list[dict[str, Any]] = field(default_factory=list)
    files: dict[int, list[tuple[str, bytes, int]]] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    grades: dict[int, tuple[float, str]] = field(default_factory=dict)
    refuses: set[int] = field(default_factory=set)
    answers_with: list[int] = field(default_factory=list)
    redirect_to: str = ""
    waits_s: float = 0
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def count(self, function: str) -> int:
        return sum(name == function for name, _arguments in self.asked)

    def answer(self, path: str, fields: dict[str, Any]) -> bytes:
        if path == f"{PREFIX}/webservice/rest/server.php":
            assert fields.pop("moodlewsrestformat") == "json"
            try:
                return json.dumps(self._call(fields)).encode()
            except MoodleError as error:
                return json.dumps(error.plain).encode()
        if path.startswith(f"{PREFIX}/webservice/pluginfile.php/"):
            if fields.get("token") != TOKEN:
                return json.dumps({"error": "Invalid token - token not found", "errorcode": "invalidtoken"}).encode()
            user, name = path.rsplit("/", 2)[1:]
            return next(data for one, data, _when in self.files[int(user)] if one == unquote(name))
        return b"<!DOCTYPE html><title>Not here</title>"

    def _call(self, fields: dict[str, Any]) -> Any:
        if fields.pop("wstoken") != TOKEN:
            raise MoodleError("core\\exception\\moodle_exception", "invalidtoken", "Invalid token - token not found")
        function = fields.pop("wsfunction")
        if function not in self.functions:
            raise MoodleError("webservice_access_exception", "accessexception", "Access control exception")
        self.asked.append((function, fields))
        return getattr(self, function)(**fields)

    def mod_assign_get_assignments(self) -> Any:
        one = {"id": INSTANCE, "cmid": CMID, "course": COURSE, "name": "ResNet", "grade": self.maximum, "duedate": 0}
        other = {"id": 8, "cmid": 122, "course": COURSE, "name": "VGG", "grade": -3}
        return {"courses": [{"id": COURSE, "fullname": "CNN", "assignments": [other, one]}], "warnings": []}

    def core_enrol_get_enrolled_users(self, courseid: str) -> Any:
        assert int(courseid) == COURSE
        return self.users

    def mod_assign_get_submissions(self, assignmentids: dict[str, str]) -> Any:
        assert assignmentids == {"0": str(INSTANCE)}
        made = [
            {
                "id": user, "userid": user, "attemptnumber": 0, "timecreated": 1, "groupid": 0,
                "timemodified": max(when for _name, _data, when in files),
                "status": self.states.get(user, "submitted"), "gradingstatus": "notgraded",
                "plugins": [
                    {"type": "onlinetext", "name": "Online text"},
                    {
                        "type": "file", "name": "File submissions",
                        "fileareas": [{"area": "submission_files", "files": [self._file(user, *one) for one in files]}],
                    },
                ],
            }
            for user, files in self.files.items()
        ]  # fmt: skip
        return {"assignments": [{"assignmentid": INSTANCE, "submissions": made}], "warnings": []}

    def _file(self, user: int, name: str, data: bytes, when: int) -> dict[str, Any]:
        url = f"{self.url}/webservice/pluginfile.php/55/assignsubmission_file/submission_files/{user}/{name}"
        return {"filename": name, "filepath": "/", "filesize": len(data), "fileurl": url, "timemodified": when}

    def mod_assign_get_grades(self, assignmentids: dict[str, str]) -> Any:
        assert assignmentids == {"0": str(INSTANCE)}
        grades = [
            {"id": user, "userid": user, "attemptnumber": 0, "grade": f"{grade:.5f}", "timemodified": 5}
            for user, (grade, _comment) in self.grades.items()
        ]
        found = [{"assignmentid": INSTANCE, "grades": grades}] if grades else []
        return {"assignments": found, "warnings": [] if grades else [{"message": "No grades found"}]}

    def mod_assign_save_grades(self, assignmentid: str, applytoall: str, grades: dict[str, dict[str, Any]]) -> None:
        assert (int(assignmentid), applytoall) == (INSTANCE, "0")
        for grade in grades.values():
            assert {*grade} == {"userid", "grade", "attemptnumber", "addattempt", "workflowstate", "plugindata"}
            assert (grade["attemptnumber"], grade["workflowstate"]) == ("-1", "")
            editor = grade["plugindata"]["assignfeedbackcomments_editor"]
            assert editor["format"] == "1"
            user = int(grade["userid"])
            if user in self.refuses:
                raise MoodleError("required_capability_exception", "nopermissions", f"No grading of {user} {TOKEN}")
            self.grades[user] = (float(grade["grade"]), editor["text"])


@contextmanager
def serving(moodle: Moodle) -> Iterator[Moodle]:
    """Serve it on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            moodle.paths.append(self.path)
            time.sleep(moodle.waits_s)
            code = moodle.answers_with.pop(0) if moodle.answers_with else 200
            if moodle.redirect_to:
                self.send_response(302)
                self.send_header("Location", moodle.redirect_to)
                self.end_headers()
                return
            pairs = parse_qsl(body, keep_blank_values=True)
            data = moodle.answer(urlsplit(self.path).path, nested(pairs)) if code == 200 else b"<html>busy"
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(ConnectionError):  # of somebody who has not waited
                self.wfile.write(data)

        def do_GET(self) -> None:
            moodle.paths.append(f"GET {self.path}")
            self.send_error(405)

        def log_message(self, *_about: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    moodle.url = f"http://127.0.0.1:{server.server_port}{PREFIX}"
    try:
        yield moodle
    finally:
        server.shutdown()
        server.server_close()
