"""The child process in which a torch file is read, and how it is started.

The child takes a path and gives back a safetensors file. Before it opens anything it bounds its
own memory, processor time and output; it has an empty environment, an isolated interpreter and no
input. Whatever a file does to it, this process sees a file that is checked again, or a refusal.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from models.errors import UnsafeWeightsError

MEMORY_BYTES = 6 << 30
OUTPUT_BYTES = 1 << 30
PROCESSOR_SECONDS = 120
WAIT_SECONDS = 300
_LONGEST_REASON = 300
_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from models.install.torch_child import work; sys.exit(work(sys.argv[2], sys.argv[3]))"
)


def tensors_of(content: bytes, *, name: str) -> bytes:
    """Read a torch file in a child; returns the tensors as a safetensors file.

    Raises UnsafeWeightsError where it holds anything else, or where the child did not end well.
    """
    with tempfile.TemporaryDirectory(prefix="evident-weights-") as folder:
        source, made = Path(folder) / "received", Path(folder) / "tensors.safetensors"
        source.write_bytes(content)
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", _PROGRAM, str(_ROOT), str(source), str(made)],
                cwd=folder,
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=WAIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _refused(name, f"reading it took longer than {WAIT_SECONDS} s") from error
        if done.returncode != 0 or not made.is_file():
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            line = said[-1] if said else f"the reader ended with {done.returncode}"
            raise _refused(name, "".join(c for c in line if c.isprintable())[:_LONGEST_REASON])
        return made.read_bytes()


def _refused(name: str, why: str) -> UnsafeWeightsError:
    return UnsafeWeightsError(
        f"{name} is not read: {why}",
        next_step="Only tensors are taken out of a torch file; look for a safetensors file.",
    )


def work(source: str, target: str) -> int:
    """Do the child's work; returns its exit code, with a reason on standard error."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from models.formats.safetensors_file import write_tensors  # noqa: PLC0415 - after the limits
    from models.install.torch_file import read_torch_file  # noqa: PLC0415 - after the limits
    from models.install.torch_pickle import TorchFileError  # noqa: PLC0415 - after the limits

    try:
        Path(target).write_bytes(write_tensors(read_torch_file(Path(source).read_bytes())))
    except (TorchFileError, ValueError, OSError, MemoryError, RecursionError) as error:
        sys.stderr.write(f"{str(error) or type(error).__name__}\n")
        return 1
    return 0
