"""brunt baseline: what is kept, and what is refused."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import BRUNT, brunt


def save(name, path, *flags, code=0):
    ran = brunt("baseline", "save", name, path, *flags)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != ".lock")


def test_what_is_saved_can_be_compared_when_the_run_is_gone(runs, store, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(runs["a"], copy)
    save("nightly", copy)
    shutil.rmtree(copy)
    assert brunt("compare", "nightly", runs["b"], "--tolerance", "900%").returncode == 0
    assert brunt("compare", "nightly", runs["slower"], "--tolerance", "900%").returncode == 1
    assert brunt("compare", store / "nightly", runs["b"], "--tolerance", "900%").returncode == 0
    assert "nightly" in brunt("baseline", "list").stdout
    shown = brunt("baseline", "show", "nightly").stdout
    assert "response.p50" in shown and "compared" in shown


def test_a_baseline_is_replaced_on_request_alone(runs, store):
    save("x", runs["a"])
    before = files(store)
    assert "--replace" in save("x", runs["b"], code=2).stderr
    assert files(store) == before
    save("x", runs["b"], "--replace")
    assert len(files(store)) == 3 and files(store) != before
    assert not [path for path in store.iterdir() if path.name not in (".lock", "x")]


def test_a_rolling_baseline_keeps_the_newest_good_runs(runs, store):
    for name in ("a", "b", "c"):
        save("nightly", runs[name], "--rolling", "2")
    kept = sorted(path.name for path in (store / "nightly").iterdir())
    assert kept == sorted(json.loads((runs[name] / "result.json").read_text())["id"] for name in ("b", "c"))
    assert "is in 'nightly' already" in save("nightly", runs["c"], "--rolling", "2", code=2).stderr
    assert "is no good run" in save("nightly", runs["missed"], "--rolling", "2", code=2).stderr
    assert "are not alike" in save("nightly", runs["two_users"], "--rolling", "2", code=2).stderr
    assert sorted(path.name for path in (store / "nightly").iterdir()) == kept


def test_its_value_is_the_median_of_three_runs(runs, store):
    for name in ("a", "b", "slower"):
        save("mixed", runs[name], "--rolling", "7")
    ran = brunt("compare", "mixed", runs["c"], "--format", "json", "--tolerance", "900%")
    document = json.loads(ran.stdout)
    assert document["against"]["baseline"]["values"] == "median" and len(document["against"]["baseline"]["runs"]) == 3
    p50 = next(row for row in document["comparison"] if row["metric"] == "response.p50")
    singles = []
    for name in ("a", "b", "slower"):
        one = json.loads(brunt("compare", runs[name], runs["c"], "--format", "json").stdout)
        singles.append(next(row for row in one["comparison"] if row["metric"] == "response.p50")["baseline"])
    assert p50["baseline"] == sorted(singles)[1]


@pytest.mark.parametrize("name", ["../up", "/tmp/x", "a/b", "", ".", "..", ".hidden", "-x", "a b", "x.yaml", "ü", "a" * 65, "x\n"])
def test_names_that_could_be_paths_are_refused(runs, store, name):
    for action in (("save", name, runs["a"]), ("show", name), ("rm", name)):
        ran = brunt("baseline", *action)
        assert ran.returncode == 2, ran.stdout
    assert not store.exists()


def test_an_id_that_is_a_path_is_refused(runs, store, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(runs["a"], copy)
    document = json.loads((copy / "result.json").read_text())
    (copy / "result.json").write_text(json.dumps({**document, "id": "../../escaped"}, indent=1))
    assert "no id" in save("x", copy, code=2).stderr
    assert files(tmp_path / "store") == [] and not (tmp_path / "escaped").exists()


def test_what_is_not_there_is_named(runs, store):
    assert "none is saved there yet" in brunt("compare", "nightly", runs["a"]).stderr
    save("nightly", runs["a"])
    for arguments in (("baseline", "rm", "nihgtly"), ("baseline", "show", "nihgtly"), ("compare", "nihgtly", runs["a"])):
        ran = brunt(*arguments)
        assert ran.returncode == 2 and "nightly" in ran.stderr, ran.stderr
    assert brunt("baseline", "rm", "nightly").returncode == 0
    assert brunt("compare", "nightly", runs["a"]).returncode == 2


def test_runs_that_tell_nothing_are_not_kept(runs, store, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(runs["a"], copy)
    text = (copy / "result.json").read_text()
    (copy / "result.json").write_text(text.replace('"status":\t"pass"', '"status":\t"interrupted"', 1))
    assert "was interrupted" in save("x", copy, code=2).stderr
    (copy / "result.json").write_text(text)
    (copy / "events.ndjson").write_text("")
    assert "holds no event" in save("x", copy, code=2).stderr
    assert "cannot read" in save("x", tmp_path / "nowhere", code=2).stderr
    assert files(store) == []


def test_a_store_that_cannot_be_written_is_said(runs, tmp_path):
    (tmp_path / "file").write_text("")
    ran = brunt("baseline", "save", "x", runs["a"], "--baselines", tmp_path / "file" / "store")
    assert ran.returncode == 2 and "cannot make the directory" in ran.stderr, ran.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting wants root")
def test_a_full_disk_leaves_what_was_there(runs, tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "none", mount], check=False, capture_output=True).returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    try:
        flags = ("--baselines", mount / "store")
        save("x", runs["a"], *flags)
        before = files(mount)
        (mount / "ballast").write_bytes(b"0" * (os.statvfs(mount).f_bavail * os.statvfs(mount).f_frsize - 8192))
        assert "No space left" in save("x", runs["b"], "--replace", *flags, code=2).stderr
        assert "No space left" in save("y", runs["b"], *flags, code=2).stderr
        (mount / "ballast").unlink()
        assert files(mount) == before
        assert [path.name for path in sorted((mount / "store").iterdir())] == [".lock", "x"]
    finally:
        subprocess.run(["umount", mount], check=True)


def test_two_that_save_at_once_do_not_mix(runs, store):
    jobs = [subprocess.Popen([BRUNT, "baseline", "save", "x", str(runs[name]), "--rolling", "5"], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE) for name in ("a", "b", "c")]
    for job in jobs:
        _, stderr = job.communicate(timeout=60)
        assert job.returncode == 0, stderr
    assert len(list((store / "x").iterdir())) == 3


@pytest.fixture
def gone():
    """The number of a process that is no more."""
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def test_what_a_killed_save_left_goes_with_the_next_one(runs, store, gone):
    save("x", runs["a"], "--rolling", "3")
    lives = os.getpid()
    mine = [f".x.{gone}", f".a.b.{gone}", f"x/.{'r' * 64}.{gone}", f".x.{gone}.old"]
    others = [f".x.{lives}", f"x/.run.{lives}", ".x", f".{gone}", f"..{gone}", f".x.{gone}.older", f".x.{gone}x", ".x.", f".x y.{gone}",
              f".{'x' * 65}.{gone}", f"visible.{gone}", ".x.99999999999"]
    for name in mine + others:
        (store / name).mkdir()
        (store / name / "events.ndjson").write_text("half")
    (store / f".file.{gone}").write_text("no directory")
    (store / f".link.{gone}").symlink_to(runs["a"])
    save("x", runs["b"], "--rolling", "3")
    assert [name for name in mine if (store / name).exists()] == []
    assert [name for name in others if not (store / name / "events.ndjson").exists()] == []
    assert (store / f".file.{gone}").exists() and (runs["a"] / "result.json").exists() and (store / f".link.{gone}").is_symlink()
    assert len(brunt("baseline", "show", "x").stdout) > 0 and len([p for p in (store / "x").iterdir() if p.name[0] != "."]) == 2


def test_what_was_to_be_replaced_when_the_save_was_killed_comes_back(runs, store, gone):
    """A file system that exchanges no names has a moment in which a baseline stands under neither of its two."""
    save("x", runs["a"])
    save("y", runs["b"])
    (store / "x").rename(store / f".x.{gone}.old")
    (store / f".x.{gone}").mkdir()
    ran = save("z", runs["c"])
    assert f"'{store}/x' is back" in ran.stderr
    assert brunt("compare", "x", runs["b"], "--tolerance", "900%").returncode == 0
    assert sorted(path.name for path in store.iterdir()) == [".lock", "x", "y", "z"]


@pytest.mark.parametrize("arguments, says", [
    ((), "what is to be done?"),
    (("keep", "x"), "'keep' is nothing to do"),
    (("save", "x"), "save wants NAME DIR"),
    (("save", "x", "y", "z"), "one too many"),
    (("list", "x"), "list wants nothing more"),
    (("save", "x", "y", "--rolling", "0"), "not a number of runs"),
    (("save", "x", "y", "--rolling"), "not a number of runs"),
    (("list", "--loud"), "there is no flag --loud"),
])
def test_bad_usage_gets_its_sentence(arguments, says, store):
    ran = brunt("baseline", *arguments)
    assert ran.returncode == 2 and says in ran.stderr, ran.stderr
