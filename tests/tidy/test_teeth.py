"""Every house rule bites: a sample that breaks it is caught, and its sound twin is not."""

from collections.abc import Callable, Iterator

import pytest

from tests.tidy import code, decisions, locks, platforms, words

Rule = Callable[[str, str], Iterator[str]]

_LINES_60 = "\n".join(["    x = 1"] * 59)
_FUNCTION_OF_60 = f"def f():\n{_LINES_60}\n"
_SOUND_RECORD = "# 1\n" + "".join(f"## {heading}\nWords.\n" for heading in decisions.HEADINGS)
_HASH = f"    --hash=sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("rule", "sound", "broken"),
    [
        (code.long_file, "x\n" * 250, "x\n" * 251),
        (code.long_function, _FUNCTION_OF_60, _FUNCTION_OF_60 + "    x = 2\n"),
        (code.long_function, _FUNCTION_OF_60, "async " + _FUNCTION_OF_60 + "    x = 2\n"),
        (code.missing_docstring, '"""What and why."""\n', "# what and why\n"),
        (code.unfinished, "raise ValueError", "raise NotImplementedError"),
        (code.unfinished, "raise ValueError", "raise NotImplementedError('one day')"),
        (decisions.missing_heading, _SOUND_RECORD, _SOUND_RECORD.replace("## Enf", "## Unenf")),
        (decisions.missing_heading, _SOUND_RECORD, _SOUND_RECORD.removesuffix("Words.\n")),
        (locks.loose_line, f"a==1 \\\n{_HASH}", "a==1"),
        (locks.loose_line, f"a==1 \\\n{_HASH}", f"a==1 \\\nb==1 \\\n{_HASH}"),
        (locks.loose_line, f"a==1 \\\n{_HASH}", f"a==1 \\\n{_HASH}\nb==1 \\"),
        (locks.loose_line, f"a==1 \\\n{_HASH}", f"a>=1 \\\n{_HASH}"),
        (locks.loose_line, f"a==1 \\\n{_HASH}", f"--ind{'ex'}-url elsewhere\na==1 \\\n{_HASH}"),
        (locks.loose_line, f"a==1 \\\n{_HASH}", f"a @ file:///a.whl \\\n{_HASH}"),
        (locks.loose_line, f"a==1 \\\n{_HASH}", f"a==1 \\\n{_HASH.replace('256', '1')}"),
        (words.unwanted_words, "/home/{user}", "see /ho" + "me/somebody/x"),
        (words.unwanted_words, "a/wo" + "rk/b", "cd /wo" + "rk/b"),
        (words.unwanted_words, "tmp_path", "'/tm" + "p/x'"),
        (words.unwanted_words, "the registry", "https://py" + "pi.org/simple"),
        (words.unwanted_words, "--no-emit-index-url", "pip install --extra-ind" + "ex-url=x y"),
        (words.unwanted_words, "to do", "# TO" + "DO: later"),
    ],
)
def test_a_rule_tells_a_broken_sample_from_a_sound_one(rule: Rule, sound: str, broken: str) -> None:
    assert list(rule("sample", sound)) == []
    assert list(rule("sample", broken)) != []


def test_a_docstring_does_not_count_against_its_function() -> None:
    long_docstring = '    """Say.\n' + "    more\n" * 100 + '    """\n'
    documented = _FUNCTION_OF_60.replace("def f():\n", "def f():\n" + long_docstring)
    assert list(code.long_function("sample", documented)) == []


@pytest.mark.parametrize("path", ["src/a/utils.py", "src/common/a.py", "tests/helpers/__init__.py"])
def test_a_vague_name_is_caught_wherever_it_stands_in_the_path(path: str) -> None:
    assert list(code.vague_name(path, "")) != []


def test_one_long_file_too_many_is_caught() -> None:
    files = [(f"{number}.py", "x\n" * 201) for number in range(code.FILES_OVER_AIM + 1)]
    assert list(code.many_long_files(files[1:])) == []
    assert list(code.many_long_files(files)) != []


def test_a_folder_that_is_no_package_is_caught() -> None:
    assert list(code.folder_without_package(["a/__init__.py", "a/b.py"])) == []
    assert list(code.folder_without_package(["a/__init__.py", "a/c/b.py"])) != []


@pytest.mark.parametrize(
    "names",
    [["0001-a.md", "0003-b.md"], ["0001-a.md", "0001-b.md"], ["1-a.md"], ["0001-a.md", "b.md"]],
    ids=["gap", "twice", "short", "none"],
)
def test_bad_numbering_of_decision_records_is_caught(names: list[str]) -> None:
    assert list(decisions.bad_numbering(["0001-a.md", "0002-b-c.md"])) == []
    assert list(decisions.bad_numbering(names)) != []


def test_a_platform_that_is_named_outside_its_folder_is_caught() -> None:
    own = platforms.FOLDER + "acme/provider.py"
    names = platforms.platform_names([own, platforms.FOLDER + "__init__.py"])
    assert names == {"acme"}
    text = "from elsewhere import AcmeProvider"
    assert list(platforms.platform_named("src/surestock/api/app.py", text, names)) != []
    assert list(platforms.platform_named(own, text, names)) == []
    assert list(platforms.platform_named("docs/commerce.md", text, names)) == []
