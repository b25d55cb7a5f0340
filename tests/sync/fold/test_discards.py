"""A change that was given up leaves a level stale, and whoever asks is told so."""

from tests.sync.fold.paper import Desk, impossible, storeless


def test_a_discarded_change_leaves_its_level_stale_until_a_record_tells_it_anew() -> None:
    desk = Desk()
    desk.add(("tea", "west"))
    desk.add(("tea", "west", impossible))
    desk.add(("tea", "east"))
    letter = desk.view.discard("2.0", "counted wrongly")
    assert (letter.status, letter.reason) == ("discarded", "counted wrongly")
    assert desk.shown("tea") == {"east": 1, "west": 1}
    assert desk.is_diverged("tea"), "what is shown of the west is older than the log"
    desk.add(("tea", "east"))
    assert desk.is_diverged("tea")
    desk.add(("tea", "west"))
    assert desk.shown("tea") == {"east": 2, "west": 3}
    assert not desk.is_diverged("tea")


def test_after_a_stale_level_was_told_anew_its_versions_count_again() -> None:
    desk = Desk()
    desk.add(("tea", "west", impossible))
    desk.view.discard("1.0", "wrong")
    desk.add(("tea", "west"))
    desk.add(("tea", "west", lambda level: level | {"version": 7}))
    assert [letter.id for letter in desk.view.letters()] == ["1.0", "3.0"]


def test_a_stale_level_takes_any_version_but_none_that_cannot_be() -> None:
    desk = Desk()
    desk.add(("tea", "west", impossible))
    desk.view.discard("1.0", "wrong")
    desk.add(("tea", "west", lambda level: level | {"version": 0}))
    assert "version 0 does not follow: at least 1" in desk.view.letters()[1].error


def test_a_discarded_change_without_a_store_leaves_the_whole_sku_in_doubt() -> None:
    desk = Desk()
    desk.add(("tea", "west"))
    desk.add(("tea", "west", storeless))
    [letter] = desk.view.letters()
    assert (letter.store_id, letter.sku) == ("", "tea")
    desk.view.discard("2.0", "unreadable")
    desk.add(("tea", "west"))
    desk.add(("tea", "west"))
    assert desk.shown("tea") == {"west": 4}
    assert desk.view.open_letters == 0
    assert desk.is_diverged("tea")
