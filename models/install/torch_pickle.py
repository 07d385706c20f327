"""Reads the table of contents of a torch file: a pickle, for a machine that can do little.

A pickle is a program for a stack machine. Its words are told apart by the standard library's
`pickletools`, which runs nothing; the machine below knows the words that torch writes to describe
tensors in dicts, lists and tuples, and refuses all others. It calls nothing by name: the four
things that may be called are decided here, and each only makes a description.

https://docs.python.org/3/library/pickletools.html; the words are those of protocol 2.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MOST_WORDS = 5_000_000
MOST_DIMENSIONS = 8

_TYPES = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "BFloat16Storage": "bf16",
    "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "<i1",
    "ByteStorage": "<u1", "BoolStorage": "?",
}  # fmt: skip


class TorchFileError(Exception):
    """The file holds something else than tensors, or is not what it claims; one line."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where numbers lie: the member's name in the archive, and their type."""

    dtype: str
    key: str


@dataclass(frozen=True, slots=True)
class Described:
    """One tensor: where it starts in its storage, and its sizes and strides, in numbers."""

    storage: Storage
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _StorageType:
    dtype: str


class _Mark:
    """Where a list of values begins on the stack."""


def _tensor(storage: Any, offset: Any, sizes: Any, strides: Any, *_rest: Any) -> Described:
    sound = isinstance(storage, Storage) and isinstance(sizes, tuple) and isinstance(strides, tuple)
    if not sound or not len(sizes) == len(strides) <= MOST_DIMENSIONS:
        raise TorchFileError("a tensor is not described as torch describes one")
    if not all(type(one) is int and one >= 0 for one in (offset, *sizes, *strides)):
        raise TorchFileError("a tensor is described by what is no number")
    return Described(storage, offset, sizes, strides)


def _parameter(described: Any, *_rest: Any) -> Any:
    return described


def _ordered(*pairs: Any) -> dict[Any, Any]:
    if pairs not in ((), ([],)):
        raise TorchFileError("a table is made in a way that torch does not use")
    return {}


_CALLED: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _ordered,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}
_NAMED: Mapping[tuple[str, str], Any] = {
    **_CALLED,
    **{("torch", name): _StorageType(dtype) for name, dtype in _TYPES.items()},
}
_NUMBERS = frozenset({"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"})
_PUSHED = _NUMBERS | {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
_CONSTANTS: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "MARK": _Mark,
}
_SHORT_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read_contents(content: bytes) -> Any:
    """Read a pickle into dicts, lists, tuples, numbers, texts and `Described`.

    Raises TorchFileError for anything else.
    """
    machine = _Machine()
    try:
        for count, (word, argument, _place) in enumerate(pickletools.genops(content)):
            if count > MOST_WORDS:
                raise TorchFileError(f"its table has more than {MOST_WORDS} words")
            if word.name == "STOP":
                return machine.result()
            machine.do(word.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, RecursionError) as error:
        raise TorchFileError(f"its table cannot be read ({type(error).__name__})") from error
    raise TorchFileError("its table has no end")


class _Machine:
    """The stack and the memory."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}

    def result(self) -> Any:
        """What is left at the end."""
        if len(self._stack) != 1:
            raise TorchFileError("its table leaves more than one thing")
        return self._stack[0]

    def do(self, word: str, argument: Any) -> None:
        """Do one word."""
        if word in _PUSHED:
            self._stack.append(argument)
        elif word in _CONSTANTS:
            self._stack.append(_CONSTANTS[word]())
        elif word in _SHORT_TUPLES:
            self._tuple(_SHORT_TUPLES[word])
        elif word in {"BINPUT", "LONG_BINPUT"}:
            self._memory[argument] = self._stack[-1]
        elif word == "MEMOIZE":
            self._memory[len(self._memory)] = self._stack[-1]
        elif word in {"BINGET", "LONG_BINGET"}:
            self._stack.append(self._memory[argument])
        elif word not in {"PROTO", "FRAME"}:
            self._act(word, argument)

    def _act(self, word: str, argument: Any) -> None:
        stack = self._stack
        if word == "GLOBAL":
            stack.append(_named(*str(argument).split(" ", 1)))
        elif word == "STACK_GLOBAL":
            name, module = stack.pop(), stack.pop()
            stack.append(_named(module, name))
        elif word == "BINPERSID":
            stack.append(_storage(stack.pop()))
        elif word == "REDUCE":
            arguments, called = stack.pop(), stack.pop()
            if called not in _CALLED.values() or not isinstance(arguments, tuple):
                raise TorchFileError("it calls what makes no tensor")
            stack.append(called(*arguments))
        elif word == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif word in {"SETITEM", "SETITEMS"}:
            flat = self._since_mark() if word == "SETITEMS" else [stack.pop(-2), stack.pop()]
            _table(stack[-1], dict).update(zip(flat[::2], flat[1::2], strict=True))
        elif word in {"APPEND", "APPENDS"}:
            values = self._since_mark() if word == "APPENDS" else [stack.pop()]
            _table(stack[-1], list).extend(values)
        elif word == "BUILD":
            stack.pop()  # attributes that torch hangs on a table; they hold no tensor
            _table(stack[-1], dict)
        else:
            raise TorchFileError(f"it holds the word {word}, which describes no tensor")

    def _tuple(self, size: int) -> None:
        values = tuple(self._stack[-size:])
        if len(values) != size:
            raise TorchFileError("its table takes more than it has")
        self._stack[-size:] = [values]

    def _since_mark(self) -> list[Any]:
        for place in range(len(self._stack) - 1, -1, -1):
            if isinstance(self._stack[place], _Mark):
                values = self._stack[place + 1 :]
                del self._stack[place:]
                return values
        raise TorchFileError("its table ends a list that it never began")


def _table(value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        raise TorchFileError("it fills something that is no table")
    return value


def _named(module: Any, name: Any) -> Any:
    try:
        return _NAMED[module, name]
    except (KeyError, TypeError):
        raise TorchFileError(f"it asks for {module}.{name}, which is no tensor") from None


def _storage(found: Any) -> Storage:
    """Read a storage's name: ("storage", type, key, device, count)."""
    if not isinstance(found, tuple) or len(found) != 5 or found[0] != "storage":
        raise TorchFileError("a storage is not named as torch names one")
    _word, kind, key, _device, _count = found
    if not isinstance(kind, _StorageType) or not isinstance(key, str):
        raise TorchFileError("a storage is not named as torch names one")
    return Storage(kind.dtype, key)
