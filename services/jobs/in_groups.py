"""Calls from several threads, made in groups: whoever comes while one is under way is in the next.

A transaction costs the disk one write however much is in it, so those who wait for the disk
anyway share the next one. Promised: every call has its own answer or error; a group that fails as
a whole takes nobody along, since each of its calls is then made by itself; nobody waits for
others to come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")

Answer = Callable[[], Given]
"""Gives what a call returns, or raises what it raises."""


@dataclass(slots=True)
class _Call(Generic[Asked, Given]):
    asked: Asked
    answer: Answer[Given] | None = None
    is_alone: bool = False


class InGroups(Generic[Asked, Given]):
    """Hands calls to `work`, at most `most` at once; safe for threads.

    `work` is given a function that says which calls are in the group. Whoever asks it again finds
    those as well, behind the others, that came meanwhile. `work` returns an answer for each in
    that order. What it raises is the group's failure.
    """

    def __init__(
        self,
        work: Callable[[Callable[[], Sequence[Asked]]], Sequence[Answer[Given]]],
        *,
        most: int,
    ) -> None:
        self._work = work
        self._most = most
        self._lock = threading.Lock()
        self._one_group = threading.Lock()
        self._waiting: list[_Call[Asked, Given]] = []

    def __call__(self, asked: Asked) -> Given:
        """Make a call and return its answer, or raise its error."""
        mine: _Call[Asked, Given] = _Call(asked)
        with self._lock:
            self._waiting.append(mine)
        while True:
            with self._one_group:
                if mine.answer is not None or mine.is_alone:
                    break
                self._lead(mine)
        if mine.answer is None:
            return self._work(lambda: [asked])[0]()
        return mine.answer()

    def _lead(self, mine: _Call[Asked, Given]) -> None:
        """Make the calls that wait now, or later while the work has not asked for them."""
        group: list[_Call[Asked, Given]] = []

        def take() -> Sequence[Asked]:
            with self._lock:
                more = self._most - len(group)
                group.extend(self._waiting[:more])
                del self._waiting[:more]
            return [one.asked for one in group]

        try:
            answers = self._work(take)
        except BaseException:
            if not group:
                take()
            for one in group:
                one.is_alone = True
            if len(group) == 1 and mine.is_alone:
                raise
        else:
            for one, answer in zip(group, answers, strict=True):
                one.answer = answer
