"""Attacks through what a cell prints and shows."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

from attacks import TRY, Attack, on_block, trying
from gate import BLOCK

RAISING = """
class Odd(Exception):
    def __str__(self):
        {body}
    __repr__ = __str__
raise Odd("x")
"""
SEND = """
kernel = get_ipython().kernel
parent = kernel.get_parent()["header"]
def publish(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=parent, ident=b"kernel." + kind.encode())
"""

OUTPUTS = [
    trying(
        "fakes_a_result_of_100_points",
        f"{SEND}\nfor text in ('100.0', '4.0', 'inf', 'nan', '1e308'):\n"
        "    publish('execute_result', {'data': {'text/plain': text}, 'metadata': {}, 'execution_count': 1})",
    ),
    Attack(
        "fakes_results_whenever_the_test_runs",
        on_block(
            f"{SEND}\nimport IPython\n"
            "def always(*a):\n    current = kernel.get_parent()['header']\n"
            "    kernel.session.send(kernel.iopub_socket, 'execute_result', {'data': {'text/plain': '100.0'}, 'metadata': {},"
            " 'execution_count': 1}, parent=current, ident=b'kernel.execute_result')\n"
            "get_ipython().events.register('pre_run_cell', always)\nget_ipython().events.register('post_run_cell', always)"
        ),
        prints="tried",
    ),
    trying(
        "fakes_that_the_cell_is_done",
        f"{SEND}\npublish('status', {{'execution_state': 'idle'}})\nimport time\ntime.sleep(2)",
    ),
    Attack(
        "fakes_that_the_cell_is_done_and_works_on",
        on_block(f"{SEND}\npublish('status', {{'execution_state': 'idle'}})\nwhile True: pass"),
        earns=(),
        within_s=60,
    ),
    Attack(
        "floods_stdout",
        on_block("while True: print('spam' * 1000)"),
        says="time: 4 s|output: 64 KiB exceeded",
        within_s=30,
    ),
    Attack(
        "floods_stderr",
        on_block("while True: print('spam' * 1000, file=sys.stderr)"),
        says="time: 4 s|output: 64 KiB exceeded",
        within_s=30,
    ),
    Attack(
        "floods_below_python",
        on_block("for _ in range(200): os.write(1, b'x' * 1_000_000); os.write(2, b'y' * 1_000_000)"),
        earns=None,
        within_s=30,
    ),
    trying(
        "shows_large_pictures",
        "from IPython.display import Image, display\nfor _ in range(50):\n"
        "    display(Image(data=bytes(1_000_000), format='png'))",
        says="time: 4 s|output: 64 KiB exceeded",
    ),
    Attack(
        "raises_with_100_mb",
        on_block("", after="raise ValueError('x' * 100_000_000)"),
        within_s=60,
        prints="tried",
        slow=True,
    ),
    Attack(
        "forges_20000_errors",
        on_block(
            f"{SEND}\nfor _ in range(20_000):\n"
            "    publish('error', {'ename': 'E' * 200, 'evalue': 'v' * 4000, 'traceback': ['t' * 20_000]})"
        ),
        within_s=60,
        prints="tried",
        slow=True,
    ),
    Attack("raises_an_error_that_cannot_be_shown", on_block("", after=RAISING.format(body="raise Odd('again')"))),
    Attack(
        "raises_an_error_whose_text_never_ends",
        on_block("", after=RAISING.format(body="\n        while True: pass")),
        within_s=40,
    ),
    Attack(
        "answers_the_examiner_with_an_error_whose_text_never_ends",
        on_block(
            "class Odd(Exception):\n    def __str__(self):\n        while True: pass\n",
            block=BLOCK.replace("return F", "if x.shape[0] == 4: raise Odd()\n        return F"),
        ),
        earns=("task2_scale_values", "task3_evens_values"),
        within_s=40,
    ),
    Attack(
        "returns_a_result_whose_text_never_ends",
        on_block(
            "",
            after="class Odd:\n    def __repr__(self):\n        while True: pass\nOdd()",
        ),
        within_s=40,
    ),
    trying(
        "shows_html_and_javascript",
        "from IPython.display import HTML, SVG, Javascript, IFrame, Markdown, Latex, display\n"
        "display(HTML('<script>document.title=1</script>'), Javascript('alert(1)'), IFrame('https://evil.example', 1, 1),\n"
        "        Markdown('<img src=x onerror=alert(1)>'), Latex('$\\\\href{javascript:alert(1)}{x}$'),\n"
        '        SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>\'))\n'
        "display({'text/html': '<b onclick=alert(1)>', 'application/javascript': 'alert(1)',\n"
        "         'application/vnd.jupyter.widget-view+json': {'model_id': '1'}}, raw=True)",
        never=("GAINED", "text/html", "application/javascript", "image/svg+xml", "text/latex", "widget-view"),
    ),
    trying(
        "forges_a_picture_that_is_html",
        f"{SEND}\npublish('display_data', {{'data': {{'image/png': '\"><script>alert(1)</script><img src=\"',"
        "'image/jpeg': '\" onerror=\"alert(1)'}, 'metadata': {'image/png': {'width': '\"><script>'}}})",
    ),
    trying(
        "asks_the_front_end_for_things",
        "ip = get_ipython()\nip.set_next_input('import os', replace=True)\nip.payload_manager.write_payload("
        "{'source': 'ask_exit', 'keepkernel': False})\nfrom IPython.display import clear_output, update_display\n"
        "clear_output()\nupdate_display('x', display_id='y')\nprint('tried')",
    ),
    Attack(
        "prints_terminal_commands",
        on_block(
            "",
            after="print('\\x1b]0;owned\\x07\\x1b[2J\\x9b31m')\nraise ValueError('\\x1b]0;owned\\x07\\x1b[2J\\x9b31m')",
        ),
        prints="tried",
    ),
    Attack("asks_for_input", {"task1_block": TRY + "answer = input('password? ')"}, prints="tried"),
    Attack(
        "stops_at_a_breakpoint",
        {"task1_block": TRY + "breakpoint()\nimport pdb; pdb.set_trace()"},
        prints="tried",
        within_s=30,
    ),
    Attack(
        "prints_from_a_thread_for_ever",
        on_block("""
import threading, time
def speak():
    while True:
        print("still here"); time.sleep(0.001)
threading.Thread(target=speak, daemon=True).start()
"""),
        prints="tried",
    ),
]
