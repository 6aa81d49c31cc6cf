import random
import zipfile
from concurrent.futures import ThreadPoolExecutor

from grader.datasets.archive import open_source


def test_threads_may_read_one_zip_at_once(tmp_path):
    generator = random.Random(0)
    contents = {f"{number}.jpg": generator.randbytes(generator.randint(1, 20_000)) for number in range(300)}
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name, data in contents.items():
            file.writestr(name, data)

    with open_source(tmp_path / "a.zip") as archive, ThreadPoolExecutor(8) as pool:
        read = dict(
            zip((str(member.path) for member in archive.members), pool.map(archive.read, archive.members), strict=True)
        )

    assert read == contents
