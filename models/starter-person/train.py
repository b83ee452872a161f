"""Train starter-person by the wall clock.

Three phases share the time: the whole network (with mosaics until near the end), the mask head alone on the averaged
weights, and the whole network once more at a low rate. `--resume` continues an interrupted run on its own clock;
`--init` starts a new run from finished weights, for example to train on with a project's COCO export.
"""

import argparse
import copy
import math
import os
import time
from pathlib import Path

import cv2
import torch
from data import Loader, load
from loss import BOX_WEIGHT, MASK_WEIGHT, detection_loss, mask_loss
from network import Network

WHOLE, MASKS, FINISH = "whole", "masks", "finish"


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


class Clock:
    """Where the run stands: phase, share of the phase done, learning rate."""

    def __init__(self, args, started: float):
        self.args, self.started = args, started
        total = args.minutes * 60
        self.masks_from = total - (args.mask_minutes + args.finish_minutes) * 60
        self.finish_from = total - args.finish_minutes * 60
        self.total = total

    def phase(self) -> tuple[str, float]:
        spent = time.time() - self.started
        if spent < self.masks_from:
            return WHOLE, spent / self.masks_from
        if spent < self.finish_from:
            return MASKS, (spent - self.masks_from) / (self.finish_from - self.masks_from)
        return FINISH, (spent - self.finish_from) / (self.total - self.finish_from)

    def rate(self, phase: str, share: float, step: int) -> float:
        top, bottom = {WHOLE: (1.0, 0.02), MASKS: (0.5, 0.02), FINISH: (0.1, 0.005)}[phase]
        cosine = bottom + (top - bottom) * (1 + math.cos(math.pi * min(1.0, share))) / 2
        return self.args.rate * cosine * min(1.0, (step + 1) / self.args.warmup)


def parameter_groups(network: Network, decay: float):
    """Weight decay on kernels only, not on norms and biases."""
    kernels = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def step_loss(network: Network, batch: dict, phase: str):
    """Forward pass of a batch in bf16 -> total loss and its parts for the log."""
    image = batch["image"].to(torch.bfloat16, memory_format=torch.channels_last)  # 0..255 is exact in bf16
    targets, weights = batch["mask_targets"].flatten(0, 1), batch["mask_weights"].flatten()
    with torch.autocast("cpu", torch.bfloat16):
        if phase == MASKS:
            with torch.no_grad():
                map4, maps = network.trunk(image)
            masks = network.masks(map4, maps, batch["rois"])
        else:
            logits, boxes, masks = network(image, batch["rois"])
    third = mask_loss(masks, targets, weights)
    if phase == MASKS:
        return third, (0.0, 0.0, third.item())
    first, second = detection_loss(logits, boxes, batch, tuple(image.shape[2:]))
    return first + BOX_WEIGHT * second + MASK_WEIGHT * third, (first.item(), second.item(), third.item())


def save(path: Path, content: dict):
    """Write beside the file and rename, so that a reader never sees half a checkpoint."""
    draft = path.with_suffix(".part")
    torch.save(content, draft)
    os.replace(draft, path)


def set_phase(network: Network, phase: str):
    """Training mode for what is being taught; the rest keeps its weights and its norm statistics."""
    network.train()
    for part in (network.trunk, network.box_head):
        part.requires_grad_(phase != MASKS)
        part.train(phase != MASKS)


class Run:
    """A network that is being taught, and how far that has come."""

    def __init__(self, args):
        self.network = Network().to(memory_format=torch.channels_last)
        if args.init:
            self.network.load_state_dict(torch.load(args.init, weights_only=True)["average"])
        self.optimizer = torch.optim.AdamW(parameter_groups(self.network, 0.05), lr=args.rate)
        self.average = Average(self.network, args.average)
        self.step, self.started, self.phase = 0, None, WHOLE

    def resume(self, state: dict):
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.started, self.phase = state["step"], state["started"], state["phase"]
        self.average.steps = self.step

    def state(self) -> dict:
        return {
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "started": self.started,
            "phase": self.phase,
        }

    def enter(self, phase: str):
        """Begin a phase from the average, which is better than the last step."""
        self.network.load_state_dict(self.average.network.state_dict())
        set_phase(self.network, phase)
        self.phase = phase

    def learn(self, batch: dict, rate: float) -> tuple[float, float, float]:
        """Take one step -> its losses: score, box, mask."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, parts = step_loss(self.network, batch, self.phase)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimizer.step()
        self.average.update(self.network)
        self.step += 1
        return parts


class Log:
    """Mean losses and speed, a line for every 50 steps."""

    def __init__(self):
        self.restart()

    def restart(self):
        self.since, self.sums, self.counted = time.time(), [0.0, 0.0, 0.0], 0

    def add(self, parts: tuple[float, float, float], *, run: Run, share: float, rate: float, batch: int):
        self.counted += 1
        self.sums = [total + part for total, part in zip(self.sums, parts, strict=True)]
        if self.counted < 50:
            return
        now = time.time()
        score, box, mask = (total / self.counted for total in self.sums)
        speed = self.counted * batch / (now - self.since)
        print(
            f"{(now - run.started) / 60:6.1f} min {run.phase} {share:5.1%} step {run.step} rate {rate:.1e} "
            f"score {score:.3f} box {box:.3f} mask {mask:.3f} {speed:.0f} pictures/s",
            flush=True,
        )
        self.restart()


def set_augmentation(loader: Loader, args, phase: str, share: float):
    """Canvas, mosaics and pasted people of the next pictures."""
    loader.size = args.size if phase == WHOLE else args.finish_size or args.size
    loader.mosaic = args.mosaic if phase == WHOLE and share < 0.8 else 0.0
    loader.paste = args.paste if phase == WHOLE and share < 0.9 else 0.0


def teach(run: Run, loader: Loader, args, checkpoint: Path):
    """All phases, until the time is over; the checkpoint is written now and then, and at the end."""
    clock, log, last_save = Clock(args, run.started), Log(), time.time()
    set_phase(run.network, run.phase)
    while True:
        phase, share = clock.phase()
        if share >= 1.0:
            break
        if phase != run.phase:
            run.enter(phase)
            log.restart()
        set_augmentation(loader, args, phase, share)
        rate = clock.rate(phase, share, run.step)
        parts = run.learn(loader.next(), rate)
        log.add(parts, run=run, share=share, rate=rate, batch=args.batch)
        if time.time() - last_save > 90:
            save(checkpoint, run.state())
            last_save = time.time()
    run.phase = FINISH
    save(checkpoint, run.state())


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=Path, required=True, help="COCO file")
    parser.add_argument("--images", type=Path, required=True, help="folder of its pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt")
    parser.add_argument("--init", type=Path, help="start from these weights (weights.pt of export.py, or a checkpoint)")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument("--category", type=int, default=1, help="category id of person in the COCO file")
    parser.add_argument("--validation", type=int, default=160, help="fully annotated pictures held out")
    parser.add_argument("--minutes", type=float, default=120, help="wall time of all three phases")
    parser.add_argument("--mask-minutes", type=float, default=10)
    parser.add_argument("--finish-minutes", type=float, default=8)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=320, help="side of the training canvas, a multiple of 32")
    parser.add_argument("--finish-size", type=int, help="the same in the two last phases; default: --size")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--warmup", type=int, default=300, help="steps")
    parser.add_argument("--mosaic", type=float, default=0.5, help="share of mosaics until 80 %% of the first phase")
    parser.add_argument("--paste", type=float, default=0.4, help="share of samples with pasted people until 90 %%")
    parser.add_argument("--average", type=float, default=0.999, help="decay of the averaged weights")
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
    if args.resume:
        run.resume(torch.load(checkpoint, weights_only=True))
    pictures = load(args.annotations, args.images, args.validation, args.category)
    loader = Loader(pictures, args.batch, args.size, args.mosaic, args.paste, args.seed + run.step)
    run.started = run.started or time.time()
    size = sum(parameter.numel() for parameter in run.network.parameters())
    print(f"{len(pictures)} pictures, {size / 1e6:.2f} M parameters", flush=True)
    teach(run, loader, args, checkpoint)
    print(f"done after {run.step} steps", flush=True)


if __name__ == "__main__":
    main()
