"""The comparison bites: each thing that may be wrong with an answer is caught, and nothing else."""

import pytest

from tests.docs.answer import Answers
from tests.docs.blocks import Block, blocks_of, examples_of

_SHOWN = """\
HTTP/1.1 200 OK
etag: "2"

{"sku": "a", "reservationId": "abcdefghijkl-1", "at": "2026-01-02T03:04:05.678900Z", "n": [1, 2]}
"""
_PRINTED = """\
HTTP/1.1 200 OK\r
date: today\r
ETag: "2"\r
\r
{"sku":"a","reservationId":"zyxwvu765432-1f","at":"2030-09-08T07:06:05.432100Z","n":[1,2]}"""


def _differences(shown: str, printed: str, language: str = "http") -> list[str]:
    return Answers().differences(Block(1, language, shown), printed)


def test_what_differs_in_every_run_makes_no_difference() -> None:
    assert _differences(_SHOWN, _PRINTED) == []


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("200 OK", "201 Created"),
        ('ETag: "2"\r\n', ""),
        ('ETag: "2"', 'ETag: "3"'),
        ('"sku":"a"', '"sku":"b"'),
        ('"sku":"a",', ""),
        ('"sku":"a"', '"sku":"a","more":1'),
        ('"sku":"a"', '"sku":1'),
        ("[1,2]", "[1]"),
        ("[1,2]", "[2,1]"),
        ("[1,2]", "[1.0,2]"),
        ("[1,2]", "[true,2]"),
        ("zyxwvu765432-1f", "7"),
        ('"2030-09-08T07:06:05.432100Z"', "null"),
    ],
)
def test_anything_else_does(was: str, becomes: str) -> None:
    assert was in _PRINTED
    assert _differences(_SHOWN, _PRINTED.replace(was, becomes)) != []


def test_one_name_stands_for_one_id_throughout() -> None:
    answers = Answers()
    shown = Block(1, "text", "reserved abcdefghijkl-1")
    assert answers.differences(shown, "reserved zyxwvu765432-1f") == []
    assert answers.differences(shown, "reserved zyxwvu765432-1f") == []
    assert answers.differences(shown, "reserved zyxwvu765432-20") != []


def test_an_ellipsis_stands_for_anything_and_for_more_members() -> None:
    assert _differences('{"a": "…"}', '{"a": [1]}', "json") == []
    assert _differences('{"a": 1, "…": "…"}', '{"a": 1, "b": 2}', "json") == []
    assert _differences('{"a": 1, "…": "…"}', '{"a": 2, "b": 2}', "json") != []
    assert _differences("took … s", "took 1.25 s", "text") == []
    assert _differences("took … s", "was quick", "text") != []


def test_lines_of_text_are_compared_one_by_one_whatever_their_layout() -> None:
    assert _differences("│ a   b │\n━━━━", "│ a b │\n━━", "text") == []
    assert _differences("one\ntwo", "one", "text") != []
    assert _differences("one\ntwo", "one\nthree", "text") != []


def test_a_block_that_nobody_would_check_is_refused() -> None:
    with pytest.raises(ValueError, match="an answer to nothing"):
        list(examples_of([Block(1, "http", "")]))
    with pytest.raises(ValueError, match="a block of python"):
        list(examples_of([Block(1, "python", "")]))


def test_a_documents_blocks_are_found_where_they_stand(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("document") / "a.md"
    path.write_text("# A\n\n```sh\necho 1\n```\nprints\n```text\n1\n```\n```console\n$ x\n```\n")
    blocks = blocks_of(path)
    assert [(it.line, it.language) for it in blocks] == [(3, "sh"), (7, "text"), (10, "console")]
    (example,) = examples_of(blocks)
    assert example.command.content == "echo 1\n"
    assert example.answer == Block(7, "text", "1\n")
