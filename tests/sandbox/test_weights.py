"""The reader of weights that runs inside the sandbox: what is whole is read, what lies is refused by what it claims."""

import io
import json
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.sandbox.inside.weights import SAFE_DTYPES, WeightsRefused, read_weights

NAMES = {dtype: name for name, dtype in SAFE_DTYPES.items()}


def as_safetensors(tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """As the format says: eight bytes with the header's length, the header, the tensors one after another."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    data = b""
    for name, tensor in tensors.items():
        raw = tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        places = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": places}
        data += raw
    return packed(header, data)


def packed(header: object, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def read(tmp_path: Path, data: bytes, name: str = "network.safetensors") -> dict[str, torch.Tensor]:
    path = tmp_path / name
    path.write_bytes(data)
    return read_weights(str(path))


def refusal(tmp_path: Path, data: bytes, name: str = "network.safetensors") -> WeightsRefused:
    with pytest.raises(WeightsRefused) as caught:
        read(tmp_path, data, name)
    json.dumps(caught.value.fields)  # it goes out as JSON
    return caught.value


def saved(value: object) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def test_every_dtype_and_shape_comes_back_as_it_was(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tensors = {f"layer.{name}": (torch.randn(3, 4) * 10).to(dtype) for name, dtype in SAFE_DTYPES.items()}
    tensors |= {"number": torch.tensor(7), "nothing": torch.empty(0, 5), "deep": torch.randn(1, 2, 3, 4)}
    for data, name in ((as_safetensors(tensors, {"format": "pt"}), "a.safetensors"), (saved(tensors), "a.pth")):
        found = read(tmp_path, data, name)
        assert found.keys() == tensors.keys()
        for key, tensor in tensors.items():
            assert found[key].dtype == tensor.dtype
            assert torch.equal(found[key], tensor)


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    ("header", "data", "code"),
    [
        ({"a": ENTRY | {"shape": [1 << 20, 1 << 20]}}, bytes(4), "tensor_bytes"),
        ({"a": ENTRY | {"shape": [10**400]}}, bytes(4), "tensor_bytes"),
        ({"a": ENTRY | {"shape": [1 << 40], "data_offsets": [0, 1 << 42]}}, bytes(4), "outside"),
        ({"a": ENTRY | {"data_offsets": [4, 0]}}, bytes(4), "outside"),
        ({"a": ENTRY | {"data_offsets": [-4, 0]}}, bytes(4), "entry"),
        ({"a": ENTRY | {"shape": [-1]}}, bytes(4), "entry"),
        ({"a": ENTRY | {"shape": [True]}}, bytes(4), "entry"),
        ({"a": ENTRY | {"shape": [1.0]}}, bytes(4), "entry"),
        ({"a": ENTRY | {"shape": [1] * 100}}, bytes(4), "entry"),
        ({"a": [1, 2]}, bytes(4), "entry"),
        ({"a": ENTRY | {"dtype": "F8_E4M3"}}, bytes(4), "dtype"),
        ({"a": ENTRY, "b": ENTRY}, bytes(4), "overlap"),
        ({"a": ENTRY | {"shape": [2], "data_offsets": [0, 8]}, "b": ENTRY | {"data_offsets": [4, 8]}}, bytes(8),
         "overlap"),
        ({"a": ENTRY}, bytes(8), "unused_bytes"),
        ({"a": ENTRY | {"data_offsets": [4, 8]}}, bytes(8), "unused_bytes"),
        ({}, b"", "tensor_count"),
        ({str(n): ENTRY for n in range(20_001)}, bytes(4), "tensor_count"),
        (b"[" * 100_000, b"", "header_json"),
        (b"\xff\xfe{}", b"", "header_json"),
        ([], b"", "header_json"),
    ],
)  # fmt: skip
def test_a_header_that_lies_is_refused_by_what_it_claims(
    tmp_path: Path, header: object, data: bytes, code: str
) -> None:
    assert refusal(tmp_path, packed(header, data)).code == code


@pytest.mark.parametrize("length", [0, 1, 100, 1 << 40, (1 << 64) - 1])
def test_a_length_that_lies_is_refused_before_anything_is_read(tmp_path: Path, length: int) -> None:
    assert refusal(tmp_path, length.to_bytes(8, "little") + b"{}").code == "header_length"


def test_an_empty_file_and_one_of_a_few_bytes_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"").code == "empty"
    assert refusal(tmp_path, b"abc").code == "header_length"
    assert refusal(tmp_path, b"abc", "a.pth").code == "damaged"


class Runs:
    def __reduce__(self):
        return print, ("ran",)


@pytest.mark.parametrize("old_format", [False, True])
def test_a_pickle_with_code_is_named_and_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture, old_format: bool
) -> None:
    file = io.BytesIO()
    torch.save({"a": Runs()}, file, _use_new_zipfile_serialization=not old_format)
    refused = refusal(tmp_path, file.getvalue(), "a.pth")
    assert refused.code == "code"
    assert refused.fields["wanted"].endswith("print")
    assert "ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([torch.zeros(2)], "no_state_dict"),
        ({}, "tensor_count"),
        ({"epoch": 3, "a": torch.zeros(2)}, "no_tensor"),
        ({"model": {"a": torch.zeros(2)}}, "no_tensor"),
        ({3: torch.zeros(2)}, "no_tensor"),
        ({"a": torch.zeros(1).expand(1000, 1000)}, "overlaps_itself"),
        ({"a": torch.eye(3).to_sparse()}, "damaged"),
        ({"a": torch.empty(1 << 20, 1 << 20, device="meta")}, "odd_tensor"),
    ],
)
def test_what_is_no_state_dict_of_plain_tensors_is_refused(tmp_path: Path, value: object, code: str) -> None:
    assert refusal(tmp_path, saved(value), "a.pth").code == code


def test_tied_weights_are_read(tmp_path: Path) -> None:
    shared = torch.randn(5, 5)
    found = read(tmp_path, saved({"encoder": shared, "decoder": shared, "part": shared[1:3]}), "a.pth")
    assert torch.equal(found["encoder"], found["decoder"])


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    made = io.BytesIO()
    whole = zipfile.ZipFile(io.BytesIO(saved({"a": torch.zeros(2)})))
    with whole, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bomb:
        for part in whole.infolist():
            data = bytes(64 << 20) if part.filename.endswith("data/0") else whole.read(part)
            bomb.writestr(part.filename, data)
    refused = refusal(tmp_path, made.getvalue(), "a.pth")
    assert refused.code == "bomb"
    assert refused.fields["unpacked"] > 64 << 20


@given(st.binary(max_size=200), st.sampled_from(["a.pth", "a.safetensors"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_and_nothing_else_is_raised(data: bytes, name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, pytest.raises(WeightsRefused):
        read(Path(folder), data, name)


@given(st.integers(0, 400), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_a_byte_that_has_changed_is_refused_or_changes_a_number(at: int, byte: int) -> None:
    import tempfile

    whole = as_safetensors({"a": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(4)})
    data = bytearray(whole)
    data[at % len(data)] = byte
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read(Path(folder), bytes(data))
        except WeightsRefused:
            return
        assert sum(tensor.numel() * tensor.element_size() for tensor in found.values()) <= len(whole)
