"""Who is late is found by looking at the oldest, and nobody is for what was not read in time."""

from msgspec import structs

from surestock.kit.clock import ManualClock
from surestock.runtime.web.deadlines import Deadlines, Phase
from surestock.runtime.web.limits import WebLimits

LIMITS = structs.replace(WebLimits(), head_s=10, idle_s=75, look_every_s=1)


class Someone:
    """A connection that is told when it is late."""

    def __init__(self, told: list["Someone"]) -> None:
        self._told = told

    def late(self, phase: Phase) -> None:
        self._told.append(self)

    def give_way(self) -> None:
        raise AssertionError("nobody needs its place")


class Scene:
    """Deadlines with a clock of the test's own."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.deadlines = Deadlines(LIMITS)
        self.deadlines.now = self.clock.monotonic
        self.told: list[Someone] = []

    def enter(self, phase: Phase) -> Someone:
        someone = Someone(self.told)
        phase[someone] = self.clock.monotonic()
        return someone

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.deadlines.look()


def test_who_came_first_is_late_first() -> None:
    scene = Scene()
    first = scene.enter(scene.deadlines.head)
    scene.wait(5)
    second = scene.enter(scene.deadlines.head)
    scene.wait(4)
    assert scene.told == []
    scene.wait(1)
    assert scene.told == [first]
    scene.wait(5)
    assert scene.told == [first, second]
    assert not scene.deadlines.head


def test_each_phase_has_its_time() -> None:
    scene = Scene()
    idle, head = scene.enter(scene.deadlines.idle), scene.enter(scene.deadlines.head)
    scene.wait(10)
    assert scene.told == [head]
    scene.wait(65)
    assert scene.told == [head, idle]


def test_nobody_is_late_for_time_in_which_the_loop_did_not_read() -> None:
    scene = Scene()
    sent, silent = scene.enter(scene.deadlines.head), scene.enter(scene.deadlines.head)
    scene.clock.advance(60)
    scene.deadlines.look()
    assert scene.told == []
    # Now the loop reads what the first one sent meanwhile.
    scene.deadlines.head.pop(sent)
    scene.wait(1)
    assert scene.told == [silent]


def test_a_loop_that_is_always_late_still_ends_who_is_late() -> None:
    scene = Scene()
    silent = scene.enter(scene.deadlines.head)
    for _ in range(3):
        scene.clock.advance(60)
        scene.deadlines.look()
    assert scene.told == [silent]


def test_a_crowd_is_told_some_at_a_time() -> None:
    scene = Scene()
    crowd = [scene.enter(scene.deadlines.head) for _ in range(1000)]
    scene.clock.advance(1)
    scene.deadlines.look()
    scene.clock.advance(10)
    # The loop was held up, so the first look tells nobody.
    assert not scene.deadlines.look()
    looks = 1
    while scene.deadlines.look():
        looks += 1
    assert scene.told == crowd
    assert 10 < looks < 200


def test_who_is_ended_by_another_is_not_told() -> None:
    scene = Scene()
    head = scene.deadlines.head
    second = Someone(scene.told)

    class Ending(Someone):
        def late(self, phase: Phase) -> None:
            super().late(phase)
            head.pop(second)

    first = Ending(scene.told)
    head[first] = head[second] = scene.clock.monotonic()
    scene.wait(10)
    assert scene.told == [first]
