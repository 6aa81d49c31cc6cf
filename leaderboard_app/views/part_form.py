"""The field for a large file: it is sent in parts with a progress bar, and goes on where it was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from grader.collect.parts import PART_BYTES, DayLimit, Parts
from grader.collect.weights import MAX_WEIGHTS_BYTES, WEIGHTS_ENDINGS
from grader.errors import InvalidSubmission
from grader.language import _
from leaderboard_app.part_requests import tickets

_TICKET = "_part_ticket"
_HTML = """
<label class="title"></label>
<input type="file">
<progress max="1" value="0" hidden></progress>
<div class="said" role="status" aria-live="polite"></div>
"""
_CSS = """
.title { display: block; font-size: 0.875rem; margin-bottom: 0.4rem; }
input { width: 100%; color: inherit; font: inherit; }
progress { width: 100%; height: 0.6rem; margin-top: 0.6rem; accent-color: var(--st-primary-color); }
.said { font-size: 0.875rem; margin-top: 0.3rem; min-height: 1.3rem; }
"""
# The key is for the browser to know its own file again after a break. What is in it is hashed here, when it is whole.
_JS = """
const running = new WeakMap();

function keyOf(file) {
    let hash = 0xcbf29ce484222325n;
    for (const byte of new TextEncoder().encode(`${file.name}|${file.size}|${file.lastModified}`)) {
        hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    }
    return hash.toString(16).padStart(16, "0");
}

async function ask(address, options) {
    const answer = await fetch(address, { credentials: "same-origin", cache: "no-store", ...options });
    return { status: answer.status, ...(await answer.json()) };
}

async function send(file, data, show, isCurrent) {
    const address = `${data.address}/${keyOf(file)}`;
    let held = null;
    let failures = 0;
    while (held === null || held < file.size) {
        if (!isCurrent()) return null;
        let answer = null;
        try {
            answer = held === null
                ? await ask(address, {})
                : await ask(`${address}?offset=${held}`, { method: "PUT", body: file.slice(held, held + data.part) });
        } catch (broken) {
            answer = { status: 0, held: 0, text: "" };
        }
        if (answer.status === 200 || answer.status === 409) {
            held = answer.held;
            failures = 0;
            show(held / file.size, data.texts.sending, held);
        } else if (answer.status === 0 || answer.status >= 500) {
            failures += 1;
            if (failures > data.tries) throw new Error(data.texts.broken);
            show(held === null ? 0 : held / file.size, data.texts.waiting, held || 0);
            await new Promise((done) => setTimeout(done, Math.min(500 * 2 ** failures, 10000)));
            held = null;
        } else if (answer.status === 429) {
            throw new Error(data.texts.used_up);
        } else {
            throw new Error(answer.text || data.texts.broken);
        }
    }
    return keyOf(file);
}

export default function ({ parentElement, data, setStateValue }) {
    const input = parentElement.querySelector("input");
    const bar = parentElement.querySelector("progress");
    const said = parentElement.querySelector(".said");
    parentElement.querySelector(".title").textContent = data.texts.title;
    input.accept = data.accept;
    input.setAttribute("aria-label", data.texts.title);
    input.onchange = async () => {
        const file = input.files[0];
        const mark = {};
        running.set(input, mark);
        setStateValue("file", null);
        if (!file) { bar.hidden = true; said.textContent = ""; return; }
        if (file.size > data.most) { bar.hidden = true; said.textContent = data.texts.large; return; }
        const isCurrent = () => running.get(input) === mark && input.isConnected;
        const show = (part, text, held) => {
            bar.hidden = false;
            bar.value = part;
            const mib = (bytes) => (bytes / 1048576).toFixed(1);
            said.textContent = `${text} ${mib(held)} / ${mib(file.size)} MiB`;
        };
        try {
            const key = await send(file, data, show, isCurrent);
            if (key !== null && isCurrent()) {
                show(1, data.texts.done, file.size);
                setStateValue("file", { key, name: file.name, size: file.size });
            }
        } catch (failure) {
            if (isCurrent()) said.textContent = failure.message;
        }
    };
    return () => running.delete(input);
}
"""


@dataclass(frozen=True)
class SentFile:
    """A file that has come whole.

    Attributes:
        key: under which its parts lie.
        name: as the browser named it; hostile text.
        size: bytes.
    """

    key: str
    name: str
    size: int


def part_form(inbox: Path, access_id: int, day: DayLimit, *, key: str) -> SentFile | None:
    """Draw the field for a file of weights.

    Args:
        inbox: the class's.
        access_id: whose form it is.
        day: how much the person may send on a day.
        key: of the widget; another one makes an empty field.

    Returns:
        The file once all of it lies on the disk; what the browser says of it is looked up there.
    """
    ticket = st.session_state.get(_TICKET)
    if ticket is None or not tickets.is_good(ticket):
        ticket = st.session_state[_TICKET] = tickets.give(access_id, inbox, day)
    mount = st.components.v2.component("springfield_part_form", html=_HTML, css=_CSS, js=_JS)
    data = {
        "address": f"/parts/{ticket}", "part": PART_BYTES, "most": MAX_WEIGHTS_BYTES, "tries": 8,
        "accept": ",".join(f".{ending}" for ending in WEIGHTS_ENDINGS), "texts": _texts(),
    }  # fmt: skip
    result = mount(data=data, key=key, on_file_change=lambda: None)
    parts = Parts(inbox, access_id, day)
    if parts.told():
        st.caption(parts.told())
    return _sent(parts, getattr(result, "file", None))


def _texts() -> dict[str, str]:
    return {
        "title": _("The weights of the network (.pth, .pt or .safetensors, up to {allowed} MiB)").format(
            allowed=MAX_WEIGHTS_BYTES >> 20
        ),
        "sending": _("Sending:"),
        "waiting": _("The connection is broken; it goes on by itself:"),
        "done": _("Sent:"),
        "broken": _("The file could not be sent. Choose it again: what has come stays, and it goes on from there."),
        "used_up": _(
            "No more can be sent today. What has come stays: choose the same file again after midnight, and it goes "
            "on from there."
        ),
        "large": _("The file has more than {allowed} MiB.").format(allowed=MAX_WEIGHTS_BYTES >> 20),
    }


def _sent(parts: Parts, said: object) -> SentFile | None:
    if said is None:
        return None
    plain = dict(said) if isinstance(said, Mapping) else {}
    key, name, size = plain.get("key"), plain.get("name"), plain.get("size")
    if not (isinstance(key, str) and isinstance(name, str) and isinstance(size, int)):
        return None
    try:
        is_whole = 0 < size == parts.held(key)
    except InvalidSubmission:
        return None
    return SentFile(key, name[:200], size) if is_whole else None
