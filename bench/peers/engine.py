"""One Python framework as a contestant of bench/engine.ts: `engine.py torch|keras|keras-xla`.

A line of JSON in, a line of JSON out:
  {"do": "open"}                                            -> {"opened": "PyTorch 2.9.1, 1 thread"}
  {"do": "start", "network", "batch", "steps", "files"}     -> {"done": true}       warmed up
  {"do": "measure"}                                         -> {"round": {"batch", "wall", "cpu"}}   ms per step
  {"do": "race", "below", "limit", "rate"}                  -> {"race": {"steps", "seconds", "cpu", "first", "last"}}
  {"do": "stop"}
Files are float32: the weights in the order of the layers (filter HWIO, bias, then gain and shift where normalised),
and the pictures x and targets y, NHWC. Every network starts from the same weights and sees the same batches.
"""
import json
import os
import resource
import sys
import time

import numpy as np

NAME = sys.argv[1]
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


def read(path, shape):
    return np.fromfile(path, dtype="<f4").reshape(shape)


class Files:
    """Weights and data of one network."""

    def __init__(self, network, files):
        self.network = network
        flat = np.fromfile(files["weights"], dtype="<f4")
        self.layers, at, channels = [], 0, network["channels"]
        for i, layer in enumerate(network["layers"]):
            k, out = layer["kernel"], layer["channels"]
            size = k * k * channels * out
            kernel, at = flat[at : at + size].reshape(k, k, channels, out), at + size
            bias, at = flat[at : at + out], at + out
            normalised = network.get("normalised", False) and i < len(network["layers"]) - 1
            if normalised:
                at += 2 * out  # gain 1 and shift 0: what every framework starts from
            last = i == len(network["layers"]) - 1
            self.layers.append({**layer, "kernelSide": k, "weights": (kernel, bias), "normalised": normalised, "last": last})
            channels = out
        side = network["side"]
        self.x = read(files["x"], (-1, side, side, network["channels"]))
        self.y = read(files["y"], (len(self.x), files["outSide"], files["outSide"], channels))


class Torch:
    def __init__(self):
        import torch

        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
        self.torch = torch
        self.title = f"PyTorch {torch.__version__}, {torch.get_num_threads()} thread, channels last"

    def start(self, files, rate):
        torch, F = self.torch, self.torch.nn.functional

        class Network(torch.nn.Module):
            def __init__(net):
                super().__init__()
                net.convs, net.norms = torch.nn.ModuleList(), torch.nn.ModuleList()
                for layer in files.layers:
                    kernel, bias = layer["weights"]
                    k = layer["kernelSide"]
                    conv = torch.nn.Conv2d(
                        kernel.shape[2], kernel.shape[3], k, stride=layer["stride"],
                        padding=0 if layer["stride"] == 2 else k // 2,
                    )
                    with torch.no_grad():
                        conv.weight.copy_(torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()))
                        conv.bias.copy_(torch.from_numpy(bias.copy()))
                    net.convs.append(conv)
                    norm = torch.nn.GroupNorm(1, kernel.shape[3], eps=1e-5) if layer["normalised"] else torch.nn.Identity()
                    net.norms.append(norm)

            def forward(net, x):
                for layer, conv, norm in zip(files.layers, net.convs, net.norms):
                    if layer.get("double"):
                        x = F.interpolate(x, scale_factor=2, mode="nearest")
                    if layer["stride"] == 2 and layer["kernelSide"] == 3:
                        x = F.pad(x, (0, 1, 0, 1))  # as TensorFlow pads an even side: below and right only
                    x = norm(conv(x))
                    if not layer["last"]:
                        x = F.relu(x)
                return x

        model = Network().to(memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(
            model.parameters(), lr=rate, betas=(ADAM["beta1"], ADAM["beta2"]), eps=ADAM["epsilon"]
        )

        def tensor(a):
            moved = torch.from_numpy(np.ascontiguousarray(a.transpose(0, 3, 1, 2)))
            return moved.contiguous(memory_format=torch.channels_last)

        def step(x, y):
            optimiser.zero_grad(set_to_none=True)
            loss = (model(x) - y).abs().mean()
            loss.backward()
            optimiser.step()
            return loss.item()

        begin = {name: value.clone() for name, value in model.state_dict().items()}

        def reset():
            model.load_state_dict(begin)
            optimiser.state.clear()

        return tensor, step, reset


class Keras:
    def __init__(self, xla):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        os.environ["KERAS_BACKEND"] = "tensorflow"
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self.keras, self.tf, self.xla = keras, tf, xla
        self.title = f"Keras {keras.__version__} on TensorFlow {tf.__version__}, 1 thread, tf.function{' + XLA' if xla else ''}"

    def start(self, files, rate):
        keras, tf = self.keras, self.tf
        model = keras.Sequential([keras.Input(files.x.shape[1:])])
        for layer in files.layers:
            kernel, bias = layer["weights"]
            if layer.get("double"):
                model.add(keras.layers.UpSampling2D(2, interpolation="nearest"))
            plain = not layer["last"] and not layer["normalised"]
            conv = keras.layers.Conv2D(
                kernel.shape[3], layer["kernelSide"], strides=layer["stride"], padding="same",
                activation="relu" if plain else None,
            )
            model.add(conv)
            conv.set_weights([kernel, bias])
            if layer["normalised"]:
                model.add(keras.layers.GroupNormalization(groups=1, epsilon=1e-5))
                model.add(keras.layers.ReLU())
        optimiser = keras.optimizers.Adam(
            learning_rate=rate, beta_1=ADAM["beta1"], beta_2=ADAM["beta2"], epsilon=ADAM["epsilon"]
        )
        optimiser.build(model.trainable_variables)

        @tf.function(jit_compile=self.xla)
        def train(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.abs(model(x, training=True) - y))
            optimiser.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
            return loss

        variables = [*model.variables, *optimiser.variables]
        begin = [v.numpy() for v in variables]

        def reset():
            for variable, value in zip(variables, begin):
                variable.assign(value)

        return tf.constant, lambda x, y: float(train(x, y)), reset


class Contest:
    def __init__(self):
        self.framework = Torch() if NAME == "torch" else Keras(NAME == "keras-xla")

    def start(self, question):
        self.files = Files(question["network"], question["files"])
        self.batch, self.steps = question["batch"], question["steps"]
        tensor, self.step, _ = self.framework.start(self.files, 1e-3)
        self.x, self.y = tensor(self.files.x[: self.batch]), tensor(self.files.y[: self.batch])
        for _ in range(2 + self.steps // 2):
            self.step(self.x, self.y)
        return {"done": True}

    def measure(self):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(self.steps):
            self.step(self.x, self.y)
        each = 1000 / self.steps
        return {
            "round": {
                "batch": self.batch,
                "wall": (time.perf_counter() - wall) * each,
                "cpu": (time.process_time() - cpu) * each,
            }
        }

    def race(self, question):
        tensor, step, reset = self.framework.start(self.files, question["rate"])
        count = len(self.files.x) // self.batch
        batches = [slice(i * self.batch, (i + 1) * self.batch) for i in range(count)]
        data = [(tensor(self.files.x[b]), tensor(self.files.y[b])) for b in batches]
        step(*data[0])  # compiled before the clock runs
        reset()
        losses, wall, cpu = [], time.perf_counter(), time.process_time()
        while len(losses) < question["limit"]:
            losses.append(step(*data[len(losses) % count]))
            if len(losses) >= count and np.mean(losses[-count:]) < question["below"]:
                break
        return {
            "race": {
                "steps": len(losses),
                "seconds": time.perf_counter() - wall,
                "cpu": time.process_time() - cpu,
                "first": losses[0],
                "last": float(np.mean(losses[-count:])),
            }
        }


contest = None
for line in sys.stdin:
    question = json.loads(line)
    try:
        if question["do"] == "stop":
            break
        if question["do"] == "open":
            contest = Contest()
            answer = {"opened": contest.framework.title}
        elif question["do"] == "start":
            answer = contest.start(question)
        elif question["do"] == "measure":
            answer = contest.measure()
        else:
            answer = contest.race(question)
    except Exception as error:  # the parent leaves this contestant out and says why
        answer = {"failed": f"{type(error).__name__}: {error}"}
    answer["residentBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(answer), flush=True)
