"""Train one network of ours: `python -m models.training.train NAME --kodak DIR --out DIR`.

Same seed, steps and thread count give the same schedule and the same patches; the weights
agree bit by bit only on one kind of processor and one build of torch, because convolutions
sum in a different order elsewhere. A checkpoint is written every few thousand steps and a
run that finds one goes on from it.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from models.nets.compact import CompactNet
from models.training.degrade import Luma, degrade
from models.training.judge import Score, judge
from models.training.patches import PatchSource
from models.training.pictures import load_luma
from models.training.recipes import RECIPES, Recipe

WARM_UP_STEPS = 300
FULL_PRECISION_SHARE = 0.1
AVERAGE_DECAY = 0.999
REPORT_EVERY = 1000
FLOOR_RATE = 1e-6
LARGEST_GRADIENT = 0.5


def learning_rate(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then half a cosine from the peak to the floor."""
    if step < WARM_UP_STEPS:
        return recipe.peak_rate * (step + 1) / WARM_UP_STEPS
    done = (step - WARM_UP_STEPS) / max(1, recipe.steps - WARM_UP_STEPS)
    return FLOOR_RATE + (recipe.peak_rate - FLOOR_RATE) * 0.5 * (1 + math.cos(math.pi * done))


def train(recipe: Recipe, *, kodak: Path, out: Path, device: torch.device) -> nn.Module:
    """Run the recipe and return the averaged network in its plain form."""
    torch.manual_seed(recipe.seed)
    source = PatchSource([luma for _, luma in load_luma("train", kodak=kodak)], recipe)
    network = CompactNet(recipe.shape).to(device)
    if recipe.warm_start is not None:
        take_over(network, load_file(out / f"{recipe.warm_start}.factored.safetensors"))
    average = copy.deepcopy(network)
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.peak_rate, betas=(0.9, 0.99))
    state = out / f"{recipe.name}.state"
    first = resume(state, network, average, optimizer, source)
    started = time.monotonic()
    for step in range(first, recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, recipe)
        inputs, targets = source.batch()
        inputs, targets = inputs.to(device), targets.to(device)
        half = step < recipe.steps * (1 - FULL_PRECISION_SHARE)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
            difference = network(inputs) - targets
            squared = step >= recipe.steps * (1 - recipe.squared_share)
            loss = difference.square().mean() * 20 if squared else difference.abs().mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        follow(average, network)
        if (step + 1) % REPORT_EVERY == 0:
            report(
                recipe, step + 1, float(loss.detach()), average, kodak, time.monotonic() - started
            )
            save(state, step + 1, network, average, optimizer)
    save_file(average.state_dict(), out / f"{recipe.name}.factored.safetensors")
    return average.cpu().collapsed()


def follow(average: nn.Module, network: nn.Module) -> None:
    """Move the running average of the weights one step towards the network."""
    with torch.no_grad():
        ours: list[torch.Tensor] = list(average.parameters())
        theirs: list[torch.Tensor] = list(network.parameters())
        torch._foreach_lerp_(ours, theirs, 1 - AVERAGE_DECAY)


def take_over(network: nn.Module, trained: dict[str, torch.Tensor]) -> None:
    """Copy every tensor whose name and shape agree; the rest keeps its initial values."""
    own = network.state_dict()
    fitting = {k: v for k, v in trained.items() if k in own and own[k].shape == v.shape}
    network.load_state_dict({**own, **fitting})


def save(
    path: Path, step: int, network: nn.Module, average: nn.Module, optimizer: torch.optim.Adam
) -> None:
    """Write the state atomically. Tensors only: a state file is read back without pickle."""
    state = {"step": step, "network": network.state_dict(), "average": average.state_dict()}
    partial = path.with_suffix(".partial")
    torch.save({**state, "optimizer": optimizer.state_dict()}, partial)
    partial.replace(path)


def resume(
    path: Path,
    network: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Adam,
    source: PatchSource,
) -> int:
    """Load a saved state, wind the patch source forward, and return the step to go on from."""
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    for _ in range(state["step"]):
        source.batch()
    return int(state["step"])


def evaluate(network: nn.Module, recipe: Recipe, kodak: Path) -> list[Score]:
    """Scores of `network` on the judging pictures under the recipe's degradation."""
    device = next(network.parameters()).device

    def enhance(source: Luma) -> Luma:
        with torch.no_grad():
            tensor = torch.from_numpy(source)[None, None].to(device)
            return np.asarray(network(tensor)[0, 0].float().cpu().numpy(), dtype=np.float32)

    rng = np.random.default_rng(7)
    scale = recipe.shape.scale
    return judge(
        load_luma("judge", kodak=kodak),
        scale=scale,
        make_input=lambda truth: degrade(truth, recipe.degradation, scale, rng),
        network=enhance,
    )


def report(
    recipe: Recipe, step: int, loss: float, network: nn.Module, kodak: Path, seconds: float
) -> None:
    """Print one JSON line: step, loss, seconds and the mean judged PSNR."""
    scores = evaluate(network, recipe, kodak)
    line = {
        "network": recipe.name,
        "step": step,
        "loss": round(loss, 6),
        "seconds": round(seconds),
        "network_db": round(float(np.mean([s.network_db for s in scores])), 3),
        "gain_db": round(float(np.mean([s.gain_db for s in scores])), 3),
    }
    print(json.dumps(line), flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=sorted(RECIPES))
    parser.add_argument("--kodak", type=Path, required=True, help="folder of kodimNN.png")
    parser.add_argument("--out", type=Path, required=True, help="where weights are written")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    recipe = RECIPES[arguments.network]
    plain = train(
        recipe, kodak=arguments.kodak, out=arguments.out, device=torch.device(arguments.device)
    )
    save_file(plain.state_dict(), arguments.out / f"{recipe.name}.safetensors")
    scores = evaluate(plain, recipe, arguments.kodak)
    for score in scores:
        print(json.dumps({"picture": score.picture, "gain_db": round(score.gain_db, 3)}))


if __name__ == "__main__":
    main()
