import hashlib
import time
import zipfile
from pathlib import Path

import pytest

from grader.datasets.importer import import_archive
from grader.datasets.layout import Layout, load_answer_key

ARCHIVE = Path(__file__).resolve().parents[3] / "shared/data/journey-springfield.zip"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"the contest's archive is not at {ARCHIVE}"),
]


@pytest.mark.slow
def test_the_contests_archive_becomes_a_class_split_in_well_under_a_minute(tmp_path):
    started = time.process_time()
    report = import_archive(ARCHIVE, tmp_path / "town")
    cpu_s = time.process_time() - started
    layout = Layout(tmp_path / "town")
    key = load_answer_key(tmp_path / "town")

    assert (report.train_images, report.public_images, report.private_images) == (19640, 950, 50)
    assert [count.test for count in report.classes] == [50] * 20 + [0] * 22
    # The archive's traps, as the contest's facts list them: 52 PNG files named .jpg, one test image 28 pixels wide.
    assert (report.disguised, report.tiny, report.duplicates, report.unreadable) == (52, 1, 5, ())
    assert report.contest_test_images == 991
    assert len(key.labels) == 1000
    with zipfile.ZipFile(ARCHIVE) as archive:
        originals = {
            hashlib.sha256(archive.read(name)).digest() for name in archive.namelist() if name.endswith(".jpg")
        }
    copies = {hashlib.sha256(path.read_bytes()).digest() for path in layout.train.rglob("*.jpg")}
    assert len(copies) == 19640
    assert copies <= originals
    assert cpu_s < 30  # 9 s measured; processor time, because the machine may be shared
