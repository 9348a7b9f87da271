"""What mutants.py finds."""
import mutants

PATCH = """Nothing is counted.
Caught-by: unit_count
{more}
--- a/count.c
+++ b/count.c
@@ -1,2 +1,1 @@
 first
-{line}
"""


def found(tmp_path, line="second", more=""):
    (tmp_path / "tests" / "mutants").mkdir(parents=True)
    (tmp_path / "count.c").write_text("first\nsecond\n")
    (tmp_path / "tests" / "mutants" / "nothing.patch").write_text(PATCH.format(line=line, more=more))
    return list(mutants.findings(tmp_path, {"unit_count"}))


def test_a_patch_that_applies_and_is_caught_is_fine(tmp_path):
    assert found(tmp_path) == []
    assert (tmp_path / "count.c").read_text() == "first\nsecond\n"


def test_a_patch_of_what_is_not_there_any_more_is_told(tmp_path):
    assert "nothing.patch: it does not apply" in found(tmp_path, line="third")[0]


def test_a_patch_that_nobody_would_see_is_told(tmp_path):
    assert found(tmp_path, more="Caught-by: unit_gone scenario_gone\n") == ["nothing.patch: there is no test unit_gone",
                                                                           "nothing.patch: there is no test scenario_gone"]
