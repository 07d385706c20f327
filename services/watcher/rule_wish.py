"""Whether what a rule asks for can be asked at all: checked before the first file is touched.

A rule that the gateway would refuse for every file is a fault of the rules, and would else show
as a rejects folder full of files that nothing is wrong with. What only the gateway knows, which
networks it has, is left to the gateway.
"""

from __future__ import annotations

import json

from pydantic import ValidationError

from pipelines.errors import GraphError
from pipelines.graph.expand import Wish, expand
from pipelines.graph.spec import Preset
from pipelines.graph.validate import check_graph
from services.watcher.rules import Rule

_ANY_FILE = f"sha256:{'0' * 64}"


def fault_of(rule: Rule) -> str | None:
    """Say why no file could be processed by a rule; None where files can."""
    try:
        wish = Wish.model_validate_json(json.dumps(rule.params))
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, ('params', *first['loc'])))}: {first['msg']}"
    except (TypeError, ValueError):
        return "params: they are no JSON, such as a date that is not quoted"
    if wish.model is not None:
        return None
    faults = []
    for pipeline in ("photo", "video"):
        if rule.pipeline in ("auto", pipeline):
            try:
                check_graph(expand(pipeline, Preset(rule.preset), _ANY_FILE, wish))
            except GraphError as error:
                faults.append(f"params: {error}")
            else:
                return None
    return faults[0]
