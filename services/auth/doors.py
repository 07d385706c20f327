"""Who a key stands for: the operator's key of this home, or one that the operator made."""

from __future__ import annotations

from services.auth.api_keys import ApiKeys
from services.auth.credentials import KeyCheck
from services.auth.scopes import Principal, operator


class Doors:
    """Knows all keys; neither of them is held, only what tells that a key is right."""

    def __init__(self, keys: ApiKeys, operator_key: KeyCheck | None) -> None:
        self._keys = keys
        self._operator_key = operator_key

    def principal(self, key: str) -> Principal | None:
        """Return whom a key stands for; None where it stands for nobody."""
        if self._operator_key is not None and self._operator_key.admits(key):
            return operator()
        return self._keys.principal(key)
