"""A digest that a file must have by somebody else's list, as it stands in a graph."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

Algorithm = Literal["md5", "sha1", "sha256", "sha512"]

_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}


class ExpectedDigest(BaseModel):
    """One digest, and the list that it comes from by name and by SHA-256."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    algorithm: Algorithm
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,128}$")]
    list_name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    list_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _has_its_length(self) -> Self:
        if len(self.digest) != _LENGTHS[self.algorithm]:
            raise ValueError(f"a digest of {self.algorithm} has {_LENGTHS[self.algorithm]} digits")
        return self
