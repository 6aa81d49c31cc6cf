"""Forged answers to the examiner: the agent runs in the student's process, so a student can answer whatever they like."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

from attacks import TRY, Attack, on_block
from gate import BLOCK, EVENS, SCALE

# Forges the agent's answers on their way out. `forge(content, buffers)` changes what it likes. A call says which inputs it
# has changed, a question for names has "found", a backward has "gradients".
FORGE = """
import itertools, json
line = get_ipython().kernel.springfield_line
honest_answer = line.agent.answer
def is_output(content):
    value = content.get("value")
    return isinstance(value, dict) and value.get("t") == "tensor" and value.get("shape") == [4, 6, 8, 8]
def answer(request, data):
    text, data = honest_answer(request, data)
    content = json.loads(text)
    sizes = content.get("sizes", [])
    ends = list(itertools.accumulate(sizes))
    buffers = [data[end - size : end] for size, end in zip(sizes, ends)]
    content, buffers = forge(content, buffers)
    if isinstance(content, dict) and "sizes" in content:
        content["sizes"] = [memoryview(buffer).nbytes for buffer in buffers]
    return json.dumps(content).encode(), b"".join(buffers)
line.agent.answer = answer
"""
TENSOR = '{"t": "tensor", "buffer": i, "dtype": "float32", "shape": [4, 6, 8, 8], "grad": True}'
REST = ("task2_scale_values", "task3_evens_values")
SPOILS_ITS_INPUT = BLOCK.replace(
    "return F.relu(self.norm(self.conv(x)))",
    "out = F.relu(self.norm(self.conv(x)))\n        if not torch.is_grad_enabled():\n            x.zero_()\n        return out",
)


def forging(name: str, body: str, *, earns: tuple[str, ...] = REST, **more: object) -> Attack:
    """The body changes `content` and `buffers` of a block that is right: nothing but the true answer may pass."""
    lines = "\n".join(f"    {line}" for line in body.strip().split("\n"))
    code = f"def forge(content, buffers):\n{lines}\n    return content, buffers\n{FORGE}"
    return Attack(name, on_block(code, block=BLOCK), earns=earns, prints="tried", **more)  # type: ignore[arg-type]


def answering(name: str, value: str, data: str = "", **more: object) -> Attack:
    """Every output of the block is replaced by a value, and the bytes of its tensor by other ones."""
    body = f"if is_output(content):\n    i = content['value']['buffer']\n    content['value'] = {value}"
    return forging(name, body + (f"\n    buffers[i] = {data}" if data else ""), **more)  # type: ignore[arg-type]


def describing(name: str, body: str, **more: object) -> Attack:
    """The layout of the block is replaced."""
    body = "\n    ".join(body.split("\n"))
    return forging(
        name,
        "value = content.get('value')\nif isinstance(value, dict) and value.get('layout'):\n    modules = value['layout']['modules']\n    "
        + body,
        **more,  # type: ignore[arg-type]
    )


def raw_message(name: str, change: str, content: str, **more: object) -> Attack:
    """A signed message with parts of the wrong type, for the cell that is running."""
    code = f"""
kernel = get_ipython().kernel
import json
parent = json.loads(json.dumps(kernel.get_parent()["header"], default=str))
message = kernel.session.msg("stream", {{"name": "stdout", "text": "x"}}, parent=parent)
header = message["header"] = json.loads(json.dumps(message["header"], default=str))
{change}
message["content"] = {content}
frames = [json.dumps(message[part]).encode() for part in ("header", "parent_header", "metadata", "content")]
kernel.iopub_socket.send_multipart([b"kernel.stream", b"<IDS|MSG>", kernel.session.sign(frames), *frames])
"""
    return Attack(name, on_block(code), prints="tried", **more)  # type: ignore[arg-type]


REPLIES = [
    answering("answers_not_a_number", TENSOR, "torch.full((4, 6, 8, 8), float('nan')).numpy().data"),
    answering("answers_infinity", TENSOR, "torch.full((4, 6, 8, 8), float('inf')).numpy().data"),
    answering("answers_zeros", TENSOR, "bytes(4 * 4 * 6 * 8 * 8)"),
    answering("answers_another_dtype", TENSOR.replace("float32", "complex64"), "bytes(8 * 1536)"),
    answering("answers_a_made_up_dtype", TENSOR.replace("float32", "qint8")),
    answering("answers_a_negative_shape", TENSOR.replace("[4, 6", "[-4, -6")),
    answering("answers_an_impossible_shape", TENSOR.replace("[4, 6, 8, 8]", "[2**62, 2**62, 0]")),
    answering("answers_a_thousand_axes", TENSOR.replace("[4, 6, 8, 8]", "[1] * 1000")),
    answering("answers_a_shape_of_text", TENSOR.replace("[4, 6, 8, 8]", "['4', None, [8], 8.5]")),
    answering("names_a_buffer_that_is_not_there", TENSOR.replace('"buffer": i', '"buffer": 10**6')),
    answering("names_a_buffer_by_text", TENSOR.replace('"buffer": i', '"buffer": "0"')),
    answering("sends_too_few_bytes", TENSOR, "b'short'"),
    answering("sends_no_bytes", TENSOR, "b''"),
    answering("sends_300_mib", TENSOR.replace("[4, 6, 8, 8]", "[75, 1 << 20]"), "bytes(300 << 20)"),
    answering(
        "unpacks_one_buffer_400_times",
        '{"t": "list", "v": [{"t": "tensor", "buffer": i, "dtype": "uint8", "shape": [2 << 20], "grad": False}] * 400}',
        "bytes(2 << 20)",
    ),
    answering("answers_an_unknown_kind", '{"t": "pickle", "v": "cos\\nsystem\\n"}'),
    answering("answers_a_reference_by_text", '{"t": "ref", "id": "os.system"}'),
    answering("answers_a_reference_to_another_object", '{"t": "ref", "id": 1, "kind": "callable", "type": "function"}'),
    answering(
        "answers_with_depth", "__import__('functools').reduce(lambda v, _: {'t': 'list', 'v': [v]}, range(900), 0)"
    ),
    answering("answers_with_breadth", '{"t": "list", "v": [0] * 1_000_000}'),
    answering("answers_a_long_number", '{"t": "int", "v": "9" * 1_000_000}'),
    answering("answers_text", "'x' * 5_000_000"),
    forging("answers_nothing", "return {}, []", earns=()),
    forging("answers_a_list", "return [1, 2, 3], []", earns=()),
    forging("answers_an_odd_status", "return dict(content, status={'ok': 'ok'}), buffers", earns=()),
    forging(
        "answers_names_that_nobody_asked_for",
        "if 'found' in content:\n    content['found'] = {'same_function': True, 'torch': 1}",
        earns=(),
    ),
    forging(
        "answers_a_number_for_the_block", "if 'Block' in content.get('found', {}):\n content['found']['Block'] = 1.0"
    ),
    forging(
        "echoes_the_input",
        "if is_output(content):\n    buffers[content['value']['buffer']] = torch.ones(4, 6, 8, 8).numpy().data",
    ),
    forging(
        "forges_gradients",
        "if 'gradients' in content:\n    buffers = [bytes(memoryview(b).nbytes) for b in buffers]",
        earns=REST,
    ),
    forging(
        "forges_the_number_of_gradients",
        "if 'gradients' in content:\n    content['gradients'] = content['gradients'][:1] * 100",
    ),
    forging("says_nothing_about_its_modules", "if content.get('owners'):\n    content['owners'] = []"),
    forging(
        "says_odd_things_about_its_modules",
        "if content.get('owners'):\n    content['owners'] = [[['x'], 1]] * len(content['owners'])",
    ),
    forging(
        "forges_statistics",
        "for owner in content.get('owners', []):\n    owner.update(tensors=[[['unhashable'], 1], [{'a': 1}, None]], buffers=[[10**9, 5]])",
    ),
    forging(
        "claims_inputs_that_were_not_given",
        f"if is_output(content):\n    i = 0\n    content['inputs'] = [None, {TENSOR}, 'x']",
    ),
    forging("claims_changed_inputs_of_odd_form", "if is_output(content):\n    content['inputs'] = {'a': 1}"),
    Attack(
        "denies_that_it_has_changed_its_input",
        on_block(
            "def forge(content, buffers):\n    if 'inputs' in content:\n        content['inputs'] = [None] * len(content['inputs'])\n"
            f"    return content, buffers\n{FORGE}",
            block=SPOILS_ITS_INPUT,
        ),
        earns=("task1_block_function", *REST),
        prints="tried",
    ),
    Attack(
        "patches_the_agents_comparison_of_inputs",
        on_block(
            "agent = get_ipython().kernel.springfield_line.agent\ncalls = agent.do_call.__func__.__globals__\n"
            "for names in (calls, calls['OwnerModule'].__init__.__globals__): names['bitwise_equal'] = lambda *tensors: True",
            block=SPOILS_ITS_INPUT,
        ),
        earns=REST,
        prints="tried",
        says="changed its own input",
    ),
    forging("claims_a_graph_of_another_call", "if is_output(content):\n    content['call'] = {'a': 10**30}"),
    describing(
        "describes_a_module_of_30000_parts", "modules += [[0, f'm{i}', 'x', True, None] for i in range(30_000)]"
    ),
    describing(
        "describes_a_module_1500_levels_deep",
        "n = len(modules)\nmodules += [[n + i - 1 if i else 0, 'a', 'x', True, None] for i in range(1500)]",
    ),
    describing(
        "describes_modules_with_names_of_the_stand_in",
        "modules += [[0, n, 'x', True, None] for n in ('forward', '_session', 'remote_target', '__class__', '_modules', 'train')]",
    ),
    describing(
        "describes_modules_without_names", "modules += [[0, n, 'x', True, None] for n in ('', '..', 'a.b', '\\x00')]"
    ),
    describing("describes_a_module_inside_itself", "modules += [[0, 'me', 'x', True, 0]]"),
    describing(
        "describes_parameters_of_nothing",
        "value['layout']['parameters'] = [[5, 'weight', 0], [0, 'w', 10**9], ['x', 1, 2]]",
    ),
    describing("describes_no_module", "value['layout'] = {'modules': None}"),
    forging(
        "raises_with_odd_parts",
        "return {'status': 'error', 'ename': ['x'] * 1000, 'evalue': {'a': 'y' * 10**6}, 'traceback': [[1], None, 'z' * 10**6] * 1000}, []",
        earns=(),
    ),
    Attack(
        "never_answers",
        on_block(
            "import time",
            block=BLOCK.replace("return F", "time.sleep(1000 if x.shape[0] == 4 else 0)\n        return F"),
        ),
        earns=REST,
        says="Too slow",
        within_s=30,
    ),
    Attack(
        "never_answers_and_ignores_the_interrupt",
        on_block(
            "import time, signal",
            block=BLOCK.replace(
                "return F",
                "while x.shape[0] == 4:\n            try: time.sleep(1000)\n            except BaseException: pass\n        return F",
            ),
        ),
        earns=(),
        says="Too slow",
        within_s=30,
    ),
    Attack(
        "answers_twice_and_for_others",
        on_block(
            f"""
def forge(content, buffers):
    return content, buffers
{FORGE}
import struct
def answer(request, data):
    text = json.dumps({{"status": "ok", "sizes": [], "value": 1.0, "found": {{}}}}).encode()
    for number in range(2000):  # of other requests, and of this one
        line.connection.sendall(struct.pack(">QQQ", number, len(text), 0) + text)
    return honest_answer(request, data)
line.agent.answer = answer
""",
            block=BLOCK,
        ),
        earns=(),
        prints="tried",
    ),
    Attack(
        "floods_the_examiner_with_foreign_answers",
        {
            "task3_evens": f"""
{TRY}
import struct
line = get_ipython().kernel.springfield_line
def forged(request, data):
    while True:
        line.connection.sendall(struct.pack(">QQQ", 2**40, 16, 0) + b'{{"status":  "ok"}}'[:16])
line.agent.answer = forged
{EVENS}"""
        },
        prints="tried",
        within_s=30,
    ),
    Attack(
        "overwrites_the_tests_own_tensor",
        {
            "task2_scale": f"{TRY}\ndef scale(x, factor):\n    if x.numel() == 2:\n        return x * 3\n    x.zero_()\n    return x"
        },
        prints="tried",
    ),
    Attack(
        "overwrites_the_tests_own_tensor_by_a_forged_answer",
        {
            "task2_scale": f"{TRY}\ndef forge(content, buffers):\n"
            "    if isinstance(content.get('value'), dict) and content['value'].get('shape') == [3, 5]:\n"
            "        content['inputs'] = [content['value']]\n        buffers = [bytes(60)]\n"
            f"    return content, buffers\n{FORGE}\n{SCALE}"
        },
        earns=("task1_block_function", "task1_block_gradients", "task3_evens_values"),
        prints="tried",
    ),
    raw_message(
        "sends_a_parent_header_that_is_a_list", "message['parent_header'] = [1, 2]", '{"name": "stdout", "text": "x"}'
    ),
    raw_message(
        "sends_a_parent_header_that_is_null", "message['parent_header'] = None", '{"name": "stdout", "text": "x"}'
    ),
    raw_message("sends_content_that_is_a_list", "pass", "[1, 2, 3]"),
    raw_message("sends_content_that_is_null", "header['msg_type'] = message['msg_type'] = 'error'", "None"),
    raw_message("sends_a_status_that_is_text", "header['msg_type'] = message['msg_type'] = 'status'", "'idle'"),
    raw_message("sends_a_type_that_is_a_list", "header['msg_type'] = ['stream']", '{"name": "stdout", "text": "x"}'),
    raw_message(
        "sends_display_data_of_odd_form",
        "header['msg_type'] = message['msg_type'] = 'display_data'",
        '{"data": {"text/plain": 5, "image/png": ["x"], "text/html": "<b>"}, "metadata": [1]}',
    ),
    raw_message("sends_half_a_character", "pass", r'{"name": "stdout", "text": "half \ud800 a character"}'),
    raw_message(
        "sends_an_error_with_half_a_character",
        "header['msg_type'] = message['msg_type'] = 'error'",
        r'{"ename": "\udcff", "evalue": "\ud800", "traceback": ["\udfff"]}',
    ),
    Attack(
        "writes_garbage_to_the_sockets",
        on_block("""
kernel = get_ipython().kernel
socket = kernel.iopub_socket
for garbage in ([b""], [b"<IDS|MSG>"], [b"x", b"<IDS|MSG>", b"no signature", b"{", b"{}", b"{}", b"{}"], [b"\\xff" * 1000] * 20):
    socket.send_multipart(garbage)
class Unsigned(type(kernel.session)):
    pass
for body in (b"[" * 100_000, b"1e999", b'"\\xff\\xfe"', b"null"):
    frames = [body, body, body, body]
    socket.send_multipart([b"kernel", b"<IDS|MSG>", kernel.session.sign(frames), *frames])
"""),
        prints="tried",
    ),
]
