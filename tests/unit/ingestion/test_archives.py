"""Archives made to harm: each ends in one line, with nothing written outside its folder."""

import bz2
import gzip
import io
import stat
import tarfile
import zipfile
import zlib

import py7zr
import pytest

from pipeline.errors import SourceError
from pipeline.ingestion import archives
from pipeline.ingestion.archives import unpack
from pipeline.ingestion.formats import SEVEN_ZIP, sniff


def zipped(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path, *infos, mode="w:bz2"):
    with tarfile.open(path, mode) as archive:
        for info, content in infos:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def sevened(path, names=None, **members):
    """A 7z; `names` replaces, in its table, names that its writer would refuse to write."""
    with py7zr.SevenZipFile(path, "w", header_encryption=False) as archive:
        archive.set_encoded_header_mode(mode=False)
        for name, content in members.items():
            archive.writestr(content, name)
    if names:
        _rename_in_7z(path, names)
    return path


def _rename_in_7z(path, names):
    """Write other names, as long, in the plain table of a 7z, and make its checksums true again."""
    raw = bytearray(path.read_bytes())
    for old, new in names.items():
        before, after = (name.encode("utf-16-le") for name in (old, new))
        assert raw.count(before) == 1
        assert len(before) == len(after)
        at = raw.index(before)
        raw[at : at + len(before)] = after
    start, size = (int.from_bytes(raw[at : at + 8], "little") for at in (12, 20))
    raw[28:32] = zlib.crc32(raw[32 + start : 32 + start + size]).to_bytes(4, "little")
    raw[8:12] = zlib.crc32(raw[12:32]).to_bytes(4, "little")
    path.write_bytes(bytes(raw))


def opened(tmp_path, path):
    into = tmp_path / "work" / "0"
    found = "7z" if path.read_bytes().startswith(SEVEN_ZIP) else sniff(path)
    unpack(path, found, into, path.name)
    return {
        item.relative_to(into).as_posix(): item.read_bytes()
        for item in into.rglob("*")
        if item.is_file()
    }


def test_members_of_a_zip_come_out_whole(tmp_path):
    path = zipped(tmp_path / "a.zip", **{"D35/a.csv": b"x;y\n", "b.txt": b"b"})
    assert opened(tmp_path, path) == {"D35/a.csv": b"x;y\n", "b.txt": b"b"}


def test_members_of_a_7z_come_out_whole(tmp_path):
    path = sevened(tmp_path / "a.7z", **{"D35/a.csv": b"x;y\n", "b.txt": b"b", "empty.txt": b""})
    assert opened(tmp_path, path) == {"D35/a.csv": b"x;y\n", "b.txt": b"b", "empty.txt": b""}


def test_a_compressed_file_comes_out_under_its_own_name(tmp_path):
    gz, bz = tmp_path / "a.json.gz", tmp_path / "b.csv.bz2"
    gz.write_bytes(gzip.compress(b"{}"))
    bz.write_bytes(bz2.compress(b"a;b"))
    assert opened(tmp_path / "1", gz) == {"a.json": b"{}"}
    assert opened(tmp_path / "2", bz) == {"b.csv": b"a;b"}


def test_a_compressed_tar_is_opened_as_a_tar(tmp_path):
    path = tarred(tmp_path / "a.tar.bz2", (tarfile.TarInfo("x/E0.THF"), b"BOMT"))
    assert opened(tmp_path, path) == {"x/E0.THF": b"BOMT"}


CLIMBING = {
    "with two dots": "../evil.csv",
    "with two dots further on": "a/../../evil.csv",
    "absolute": "/evil.csv",
    "with the separators of another system": "..\\evil.csv",
    "on a drive": "C:evil.csv",
}


@pytest.mark.parametrize("name", CLIMBING.values(), ids=CLIMBING.keys())
def test_a_path_that_climbs_is_refused(tmp_path, name):
    path = tarred(tmp_path / "a.tar", (tarfile.TarInfo(name), b"x;y"), mode="w")
    with pytest.raises(SourceError, match="sort de l'archive"):
        opened(tmp_path, path)
    assert not list(tmp_path.rglob("evil.csv"))


def test_a_path_that_climbs_out_of_a_zip_is_refused(tmp_path):
    with pytest.raises(SourceError, match="sort de l'archive"):
        opened(tmp_path, zipped(tmp_path / "a.zip", **{"../evil.csv": b"x"}))
    assert not list(tmp_path.rglob("evil.csv"))


@pytest.mark.parametrize("name", CLIMBING.values(), ids=CLIMBING.keys())
def test_a_path_that_climbs_out_of_a_7z_is_refused(tmp_path, name):
    plain = "n" * len(name)
    path = sevened(tmp_path / "a.7z", {plain: name}, **{plain: b"x;y"})
    with pytest.raises(SourceError, match="sort de l'archive"):
        opened(tmp_path, path)
    assert not list(tmp_path.rglob("evil.csv"))


def test_links_in_a_7z_are_refused(tmp_path):
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as archive:
        archive.write(tmp_path / "link.csv", "link.csv")
    with pytest.raises(SourceError, match="n'est pas un fichier"):
        opened(tmp_path, tmp_path / "a.7z")


def test_an_encrypted_7z_is_refused(tmp_path):
    for hidden in (False, True):
        path = tmp_path / f"{hidden}.7z"
        secret = {"password": "x", "header_encryption": hidden}
        with py7zr.SevenZipFile(path, "w", **secret) as archive:
            archive.writestr(b"x;y", "a.csv")
        with pytest.raises(SourceError, match="chiffrée"):
            opened(tmp_path / str(hidden), path)


def test_links_are_refused(tmp_path):
    link = tarfile.TarInfo("a.csv")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(SourceError, match="n'est pas un fichier"):
        opened(tmp_path / "t", tarred(tmp_path / "a.tar.bz2", (link, b"")))
    info = zipfile.ZipInfo("a.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(SourceError, match="chiffré ou lien"):
        opened(tmp_path / "z", tmp_path / "a.zip")


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    path = zipped(tmp_path / "a.zip", a=b"1", b=b"2")
    assert len(opened(tmp_path / "2", path)) == 2
    with pytest.raises(SourceError, match="plus de 2 membres"):
        opened(tmp_path / "3", zipped(tmp_path / "b.zip", a=b"1", b=b"2", c=b"3"))
    assert len(opened(tmp_path / "4", sevened(tmp_path / "a.7z", a=b"1", b=b"2"))) == 2
    with pytest.raises(SourceError, match="plus de 2 membres"):
        opened(tmp_path / "5", sevened(tmp_path / "b.7z", a=b"1", b=b"2", c=b"3"))


def test_what_an_archive_announces_is_refused_before_a_byte_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 2**31)
    path = zipped(tmp_path / "a.zip", a=b"small")
    raw = bytearray(path.read_bytes())
    size_at = raw.rindex(b"PK\x01\x02") + 24
    raw[size_at : size_at + 4] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(bytes(raw))
    with pytest.raises(SourceError, match="annoncés"):
        opened(tmp_path, path)


def test_bytes_are_counted_while_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    gz = tmp_path / "a.gz"
    gz.write_bytes(gzip.compress(bytes(1000)))
    assert len(opened(tmp_path / "1", gz)["a"]) == 1000
    gz.write_bytes(gzip.compress(bytes(1001)))
    with pytest.raises(SourceError, match="une fois décompressée"):
        opened(tmp_path / "2", gz)


def test_a_bomb_is_stopped_by_its_ratio(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_RATIO_APPLIES_FROM", 2**20)
    gz = tmp_path / "a.gz"
    gz.write_bytes(gzip.compress(bytes(2**22)))  # zeros: a thousand to one
    with pytest.raises(SourceError, match="taux de compression"):
        opened(tmp_path, gz)
    with pytest.raises(SourceError, match="taux de compression"):
        opened(tmp_path / "7z", sevened(tmp_path / "a.7z", a=bytes(2**22)))


def test_what_a_7z_announces_is_refused_before_a_byte_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    assert len(opened(tmp_path / "1", sevened(tmp_path / "a.7z", a=bytes(1000)))["a"]) == 1000
    with pytest.raises(SourceError, match="annoncés"):
        opened(tmp_path / "2", sevened(tmp_path / "b.7z", a=bytes(600), b=bytes(401)))
    assert not [path for path in (tmp_path / "2").rglob("*") if path.is_file()]


def seven_bytes():
    """A 7z whose content is stored as it is."""
    held = io.BytesIO()
    with py7zr.SevenZipFile(held, "w", filters=[{"id": py7zr.FILTER_COPY}]) as archive:
        archive.writestr(b"hello world", "a.txt")
    return held.getvalue()


DAMAGED = {
    "a truncated gzip": lambda: gzip.compress(bytes(range(256)) * 50)[:-40],
    "a truncated bzip2": lambda: bz2.compress(bytes(range(256)) * 50)[:-40],
    "a zip without directory": lambda: b"PK\x03\x04" + bytes(60),
    "a truncated 7z": lambda: seven_bytes()[:-1],
    "a 7z whose content changed": lambda: seven_bytes().replace(b"hello world", b"hello w0rld"),
}


@pytest.mark.parametrize("make", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_archive_is_refused_in_one_line(tmp_path, make):
    path = tmp_path / "osm.gz"
    path.write_bytes(make())
    with pytest.raises(SourceError, match="endommagée ou tronquée") as refusal:
        opened(tmp_path, path)
    assert "\n" not in str(refusal.value)
