"""Train starter-click.

The rate stays level and the averaged weights are what counts, so that a run may be ended, continued and trained on at
any time; `--finish-minutes` lets it fall at the end, for the weights of a release. The same command continues a run:
the clock counts the time that was spent teaching, and stands in the checkpoint.
"""

import argparse
import copy
import json
import math
import os
import random
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from data import TARGETS, Loader, held_out, load
from lessons import begin, go_on, tensors_of
from loss import mask_loss, overlap
from network import CANVAS, CELL, SIDE, Network

HELD_OUT = 40  # pictures of the first file that measure a run


class Average:
    """Exponential moving average of the weights: what is evaluated and exported."""

    def __init__(self, network: Network, decay: float):
        self.network = copy.deepcopy(network).eval()
        self.decay, self.steps = decay, 0

    @torch.no_grad()
    def update(self, network: Network):
        self.steps += 1
        weight = 1 - min(self.decay, (1 + self.steps) / (20 + self.steps))  # follow faster at first
        mine, theirs = self.network.state_dict(), network.state_dict()
        keys = [key for key, value in mine.items() if value.is_floating_point()]
        torch._foreach_lerp_([mine[key] for key in keys], [theirs[key] for key in keys], weight)


def parameter_groups(network: Network, decay: float, encoder_share: float):
    """Weight decay on kernels only; the encoder, which has learned before, learns at a share of the rate."""
    groups = []
    for part, share in ((network.encoder, encoder_share), (network.decoder, 1.0)):
        kernels = [p for p in part.parameters() if p.ndim > 1]
        others = [p for p in part.parameters() if p.ndim <= 1]
        groups.append({"params": kernels, "weight_decay": decay, "share": share})
        groups.append({"params": others, "weight_decay": 0.0, "share": share})
    return groups


def as_tensors(crops):
    """-> images [b,3,CANVAS,CANVAS] bf16, targets [b*TARGETS,1,SIDE,SIDE] f32 of 0 and 1."""
    pixels = torch.from_numpy(np.stack([crop.pixels for crop in crops])).permute(0, 3, 1, 2)
    masks = torch.from_numpy(np.stack([crop.masks for crop in crops])).reshape(-1, SIDE, CELL, SIDE, CELL)
    targets = (masks.float().mean((2, 4)) >= 0.5).float()[:, None]
    return pixels.to(torch.bfloat16, memory_format=torch.channels_last), targets  # 0..255 is exact in bf16


def repeated(maps):
    """The maps of each crop, once for each of its objects."""
    return maps.repeat_interleave(TARGETS, 0).contiguous(memory_format=torch.channels_last)


class Run:
    """A network that is being taught, and how far that has come."""

    def __init__(self, args):
        self.network = Network().to(memory_format=torch.channels_last)
        if args.init:
            start(self.network, args.init)
        self.average = Average(self.network, args.average)
        groups = parameter_groups(self.network, args.decay, args.encoder_share)
        self.optimizer = torch.optim.AdamW(groups, lr=args.rate)
        self.rng = random.Random(args.seed)
        self.step, self.spent = 0, 0.0

    def state(self) -> dict:
        return {
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "average_steps": self.average.steps,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "spent": self.spent,
        }

    def resume(self, state: dict):
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.average.steps = state["average_steps"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]
        self.rng.seed(self.step)

    def learn(self, crops, rate: float) -> dict[str, float]:
        """One step: some clicks without teaching, then two answers that teach."""
        images, targets = as_tensors(crops)
        lessons = [begin(target > 0.5, self.rng) for target in targets[:, 0].numpy()]
        self.network.train()
        with torch.autocast("cpu", torch.bfloat16):
            features = [repeated(maps) for maps in self.network.encoder(images)]
        decoder = self.network.decoder
        for _ in range(self.rng.choices((0, 1, 2, 4, 7), (0.3, 0.25, 0.2, 0.15, 0.1))[0]):
            decoder.eval()
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                go_on(lessons, decoder(*features, *tensors_of(lessons)), self.rng)
        decoder.train()
        losses, overlaps = [], []
        for number in range(2):
            with torch.autocast("cpu", torch.bfloat16):
                logits = decoder(*features, *tensors_of(lessons))
            losses.append(mask_loss(logits, targets))
            overlaps.append(overlap(logits.detach(), targets).mean().item())
            if number == 0:
                go_on(lessons, logits, self.rng)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        loss = sum(losses) / 2
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.average.update(self.network)
        self.step += 1
        return {"loss": loss.item(), "first": overlaps[0], "second": overlaps[1]}


def start(network: Network, path: Path):
    """Weights of a run of this network, or of starter-person, of which the encoder takes what it shares."""
    weights = {key: value.float() for key, value in torch.load(path, weights_only=True)["average"].items()}
    if any(key.startswith("decoder.") for key in weights):
        network.load_state_dict(weights)
        return
    missing = network.encoder.load_state_dict(
        {key: value for key, value in weights.items() if key in network.encoder.state_dict()}, strict=False
    ).missing_keys
    print(f"encoder from {path.name}; {len(missing)} of its tensors start anew", flush=True)


def rate_at(args, spent: float, step: int) -> float:
    """Level after the warm-up; in the last `--finish-minutes` down to a fiftieth by a cosine."""
    left = args.minutes * 60 - spent
    share = 1 - min(1.0, left / (args.finish_minutes * 60)) if args.finish_minutes else 0.0
    return args.rate * min(1.0, (step + 1) / args.warmup) * (0.02 + 0.98 * (1 + math.cos(math.pi * share)) / 2)


def save(path: Path, content: dict):
    """Write beside the file and rename, so that a reader never sees half a checkpoint."""
    draft = path.with_suffix(".part")
    torch.save(content, draft)
    os.replace(draft, path)


def teach(run: Run, loader: Loader, args, checkpoint: Path):
    """Until the time is over; a line every 50 steps, a checkpoint every two minutes and at the end."""
    sums: dict[str, float] = {}
    last_line, last_save = time.time(), time.time()
    while run.spent < args.minutes * 60:
        began = time.time()
        rate = rate_at(args, run.spent, run.step)
        parts = run.learn(loader.next(), rate)
        run.spent += time.time() - began
        sums = {name: sums.get(name, 0.0) + value for name, value in parts.items()}
        if run.step % 50 == 0:
            now = time.time()
            figures = " ".join(f"{name} {value / 50:.3f}" for name, value in sums.items())
            speed = 50 * args.batch / (now - last_line)
            print(
                f"{run.spent / 60:7.1f} min step {run.step} rate {rate:.1e} {figures} {speed:.1f} crops/s", flush=True
            )
            sums, last_line = {}, now
        if time.time() - last_save > 120:
            save(checkpoint, run.state())
            last_save = time.time()
    save(checkpoint, run.state())


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=Path, required=True, help="COCO file of many categories")
    parser.add_argument("--people", type=Path, help="COCO file of people, drawn for a share of the crops")
    parser.add_argument("--images", type=Path, required=True, help="folder of the pictures of both")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt; a run there is continued")
    parser.add_argument("--init", type=Path, help="start from these weights (weights.pt or a checkpoint)")
    parser.add_argument("--minutes", type=float, default=600, help="time of teaching in all")
    parser.add_argument("--finish-minutes", type=float, default=0, help="of these, with a falling rate")
    parser.add_argument("--batch", type=int, default=16, help="crops a step")
    parser.add_argument("--people-share", type=float, default=0.3)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--encoder-share", type=float, default=0.5, help="of the rate, for the encoder")
    parser.add_argument("--decay", type=float, default=0.03)
    parser.add_argument("--warmup", type=int, default=200, help="steps")
    parser.add_argument("--average", type=float, default=0.9995, help="decay of the averaged weights")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main():
    args = options()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "checkpoint.pt"
    run = Run(args)
    if checkpoint.exists():
        run.resume(torch.load(checkpoint, weights_only=True))
    skip = held_out(json.loads(args.annotations.read_text())["images"], HELD_OUT)
    various = load([args.annotations], args.images, skip)
    skip |= {image["id"] for image in json.loads(args.annotations.read_text())["images"]}
    people = load([args.people], args.images, skip) if args.people else []
    loader = Loader(various, people, batch=args.batch, people_share=args.people_share, seed=args.seed + run.step)
    size = sum(parameter.numel() for parameter in run.network.parameters())
    things = [sum(len(picture.things) for picture in pictures) for pictures in (various, people)]
    seen = f"{len(various)} and {len(people)} pictures, {things[0]} and {things[1]} objects"
    print(f"{seen}; {size / 1e6:.2f} M parameters, canvas {CANVAS}; from step {run.step}", flush=True)
    teach(run, loader, args, checkpoint)
    print(f"done after {run.step} steps", flush=True)


if __name__ == "__main__":
    main()
