"""The sweep of bench/sweep.ts as a plain PyTorch script does it.

    python sweep.py usual|cached FOLDER SEED

`usual`: a transfer is the frozen encoder followed by a head, and every batch of every epoch goes through both.
`cached`: the encoder runs once for each image and source; heads are trained on what it gave.
The same networks, losses, Adam, cosine schedule, epochs, and choice of the best evaluation of the selection pool.
"""

import copy
import json
import math
import os
import sys
import time

answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

import numpy as np  # noqa: E402
import torch  # noqa: E402

MODE, FOLDER, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(1)
torch.set_num_interop_threads(1)
torch.manual_seed(SEED)
with open(os.path.join(FOLDER, "sweep.json")) as file:
    PLAN = json.load(file)
TASKS = {task["id"]: task for task in PLAN["tasks"]}


def numbers(name, dtype="<f4"):
    return np.fromfile(os.path.join(FOLDER, name + ".bin"), dtype)


def nchw(array):
    return torch.from_numpy(np.ascontiguousarray(array)).permute(0, 3, 1, 2)


IMAGES = {}


def images(pool):
    if pool not in IMAGES:
        IMAGES[pool] = nchw(numbers(f"x-{pool}").reshape(PLAN["pools"][pool], 16, 16, 48))
    return IMAGES[pool]


LABELS = {}


def labels(pool, task):
    """y as the network's output has it, and the weight of each number: its pixel has a label or not."""
    if (pool, task) not in LABELS:
        channels, count = TASKS[task]["channels"], PLAN["pools"][pool]
        valid = np.repeat(numbers(f"valid-{pool}-{task}", "u1").astype("f4"), channels)
        y = np.nan_to_num(numbers(f"y-{pool}-{task}")) * valid
        shape = (count, 8, 8, 16 * channels)
        LABELS[pool, task] = nchw(y.reshape(shape)), nchw(valid.reshape(shape)), bool(valid.all())
    return LABELS[pool, task]


def prepare(tasks):
    for pool in PLAN["pools"]:
        images(pool)
        for task in tasks:
            labels(pool, task)
    return 0.0


def element_loss(task, output, y):
    return (output - y).abs() if TASKS[task]["loss"] == "l1" else (output - y).square()


class Same(torch.nn.Conv2d):
    """Padding as TensorFlow's `same`: the odd pixel of an even side comes last."""

    def forward(self, x):
        if self.stride[0] == 2:
            x = torch.nn.functional.pad(x, (0, 1, 0, 1))
        return super().forward(x)


def new_model(layers, rng, task):
    """He's normal distribution before a ReLU, Glorot's uniform one before a linear output; bias at the labels' mean."""
    parts = []
    for layer in layers:
        kernel, before, after = layer["kernel"], layer["inChannels"], layer["outChannels"]
        conv = Same(before, after, kernel, layer["stride"], 0 if layer["stride"] == 2 else kernel // 2)
        fan = kernel * kernel * before
        if layer["relu"]:
            filters = rng.normal(0, math.sqrt(2 / fan), conv.weight.shape)
        else:
            limit = math.sqrt(6 / (fan + kernel * kernel * after))
            filters = rng.uniform(-limit, limit, conv.weight.shape)
        with torch.no_grad():
            conv.weight.copy_(torch.from_numpy(filters.astype("f4")))
            conv.bias.zero_()
        parts += [conv, torch.nn.ReLU(inplace=True)] if layer["relu"] else [conv]
    y, w, _ = labels("transfer", task)
    per = TASKS[task]["channels"]
    total = (y * w).sum((0, 2, 3)).reshape(16, per).sum(0) / w.sum((0, 2, 3)).reshape(16, per).sum(0).clamp(min=1)
    with torch.no_grad():
        parts[-1].bias.copy_(total.repeat(16))
    return torch.nn.Sequential(*parts).to(memory_format=torch.channels_last)


def image_losses(model, task, x, pool):
    y, w, _ = labels(pool, task)
    out = []
    with torch.no_grad():
        for at in range(0, len(x), 64):
            weight = w[at : at + 64]
            each = element_loss(task, model(x[at : at + 64]), y[at : at + 64]) * weight
            out.append(each.sum((1, 2, 3)) / weight.sum((1, 2, 3)))
    return torch.nanmean(torch.cat(out)).item()


def train(model, task, pool, inputs, options, rng):
    """`inputs(pool)` gives what the model sees; the weights of the best evaluation of the selection pool are kept, the start among them."""
    y, w, whole = labels(pool, task)
    x, parameters = inputs(pool), [p for p in model.parameters() if p.requires_grad]
    batch, count = options["batchSize"], len(x)
    adam = torch.optim.Adam(parameters, lr=options["learningRate"], weight_decay=options["weightDecay"], fused=True)
    total = max(1, round(count * options["epochs"] / batch))
    order = np.concatenate([rng.permutation(count) for _ in range(options["epochs"] + 1)])
    spacing = PLAN["spacing"]
    best, kept = image_losses(model, task, inputs("selection"), "selection"), copy.deepcopy(model.state_dict())
    for step in range(total):
        for group in adam.param_groups:
            group["lr"] = options["learningRate"] * 0.5 * (1 + math.cos(math.pi * step / total))
        chosen = torch.from_numpy(order[step * batch : (step + 1) * batch])
        adam.zero_grad(set_to_none=True)
        each = element_loss(task, model(x[chosen]), y[chosen])
        loss = each.mean() if whole else (each * w[chosen]).sum() / w[chosen].sum()
        loss.backward()
        adam.step()
        if (step + 1) % spacing == 0 or step + 1 == total:
            selected = image_losses(model, task, inputs("selection"), "selection")
            if selected < best:
                best, kept = selected, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return image_losses(model, task, inputs("test"), "test")


class Standardise(torch.nn.Module):
    """(x − mean) / sd by channel over the transfer pool, clipped at five."""

    def __init__(self, codes):
        super().__init__()
        self.mean = codes.mean((0, 2, 3), keepdim=True)
        deviation = codes.std((0, 2, 3), keepdim=True, unbiased=False)
        self.scale = torch.where(deviation > 0, 1 / deviation, torch.zeros_like(deviation))

    def forward(self, x):
        return ((x - self.mean) * self.scale).clamp(-5, 5)


ENCODERS, CODES = {}, {}


def run_source(task):
    rng = np.random.default_rng([SEED, 1, list(TASKS).index(task)])
    model = new_model(TASKS[task]["source"], rng, task)
    loss = train(model, task, "source", images, PLAN["training"]["source"], rng)
    # Layers alternate with activations: the encoder ends where its last convolution does.
    convs = [i for i, part in enumerate(model) if isinstance(part, torch.nn.Conv2d)]
    encoder = model[: convs[PLAN["encoderLayers"] - 1] + 1].eval()
    for parameter in encoder.parameters():
        parameter.requires_grad_(False)
    with torch.no_grad():
        codes = {pool: encoder(images(pool)) for pool in ("transfer", "selection", "test")}
        standardise = Standardise(codes["transfer"])
        ENCODERS[task] = torch.nn.Sequential(encoder, standardise)
        if MODE == "cached":
            CODES[task] = {pool: standardise(code) for pool, code in codes.items()}
    return loss


def run_transfer(source, task):
    rng = np.random.default_rng([SEED, 2, list(TASKS).index(source), list(TASKS).index(task)])
    head = new_model(TASKS[task]["head"], rng, task)
    options = PLAN["training"]["transfer"]
    if MODE == "cached":
        return train(head, task, "transfer", CODES[source].__getitem__, options, rng)
    model = torch.nn.Sequential(ENCODERS[source], head)
    return train(model, task, "transfer", images, options, rng)


for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "open":
        reply = {"opened": f"PyTorch {torch.__version__}, 1 thread, {MODE}"}
    else:
        try:
            wall, cpu = time.perf_counter(), time.process_time()
            if asked["do"] == "prepare":
                loss = prepare(asked["tasks"])
            elif asked["do"] == "source":
                loss = run_source(asked["task"])
            else:
                loss = run_transfer(asked["source"], asked["task"])
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            reply = {"run": {"loss": loss, "wall": wall, "cpu": cpu}}
        except Exception as error:  # noqa: BLE001
            reply = {"failed": f"{type(error).__name__}: {error}"}
    answers.write(json.dumps(reply) + "\n")
