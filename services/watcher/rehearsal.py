"""What a watcher would do with what lies in a place now: told, and nothing touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from services.watcher.place import Place
from services.watcher.rules import Rules
from services.watcher.watch import Say


@dataclass(slots=True)
class Rehearsed:
    """How many files each rule would get, by its prefix, and how many none."""

    by_prefix: Counter[str] = field(default_factory=Counter)
    without_rule: int = 0
    without_key: int = 0

    @property
    def is_good(self) -> bool:
        """Whether every file would be processed."""
        return not self.without_rule and not self.without_key

    @property
    def line(self) -> str:
        """The sum."""
        seen = self.by_prefix.total() + self.without_rule
        parts = [f"{prefix or 'all others'} {count}" for prefix, count in self.by_prefix.items()]
        return (
            f"seen {seen} = {' + '.join([*parts, f'without a rule {self.without_rule}'])}"
            f"; without a key {self.without_key}"
        )


def rehearse(rules: Rules, place: Place, projects: Collection[str], *, say: Say) -> Rehearsed:
    """Say of every file which rule it falls under; `projects` are those that have a key."""
    found = Rehearsed()
    for seen in place.list():
        if not rules.is_watched(seen.name):
            continue
        rule = rules.rule_for(seen.name)
        if rule is None:
            found.without_rule += 1
            say("check.rejected", {"name": seen.name, "reason": "no rule matches its name"})
            continue
        found.by_prefix[rule.prefix] += 1
        facts = {"name": seen.name, "prefix": rule.prefix, "preset": rule.preset}
        if rule.project not in projects:
            found.without_key += 1
            say("check.waits", {**facts, "reason": f"no key of the project {rule.project}"})
        else:
            say("check.taken", {**facts, "project": rule.project})
    say("check.complete", {"line": found.line})
    return found
