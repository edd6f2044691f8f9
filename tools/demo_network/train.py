#!/usr/bin/env python3
"""Trains the demo's network and writes model.onnx, case.npz and labels.txt beside this file.

A small convolutional network on the 8x8 handwritten digits that ship in scikit-learn, trained with plain numpy from a
fixed seed, so that anyone can make the committed files again:

    python3 -m venv venv && venv/bin/pip install numpy scikit-learn onnx onnxruntime
    venv/bin/python tools/demo_network/train.py

case.npz holds the first held-out digits and the outputs that ONNX Runtime, with its optimisations off, gives for them;
labels.txt holds what the digits really are.
"""

import pathlib

import numpy as np
import onnx
import onnxruntime
import threadpoolctl
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

SEED = 20240501
HELD_OUT = 360
CASE_SIZE = 48
EPOCHS = 40
BATCH = 32
LEARNING_RATE = 2e-3


def load():
    """The digits as f32[n,1,8,8], pixels 0 to 16, shuffled and split into training and held-out parts."""
    digits = load_digits()
    order = np.random.default_rng(SEED).permutation(len(digits.target))
    images = digits.images[order].astype(np.float32)[:, None]
    labels = digits.target[order]
    return (images[HELD_OUT:], labels[HELD_OUT:]), (images[:HELD_OUT], labels[:HELD_OUT])


def initial_parameters(rng):
    def he(*shape):
        return rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32)

    return {
        "conv1.weight": he(16, 1, 3, 3),
        "conv1.bias": np.zeros(16, np.float32),
        "conv2.weight": he(32, 16, 3, 3),
        "conv2.bias": np.zeros(32, np.float32),
        "fc1.weight": he(64, 128),
        "fc1.bias": np.zeros(64, np.float32),
        "fc2.weight": he(10, 64),
        "fc2.bias": np.zeros(10, np.float32),
    }


# Layers. Each forward function returns the result and a function from its gradient to the gradients of its arguments.


def conv3x3(x, weight, bias):
    """3x3 convolution with padding 1: x is [n,c,h,w], weight is [k,c,3,3]."""
    n, c, h, w = x.shape
    k = weight.shape[0]
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    patches = np.stack([padded[:, :, i : i + h, j : j + w] for i in range(3) for j in range(3)], axis=2)
    columns = patches.reshape(n, c * 9, h * w)
    out = (weight.reshape(k, -1) @ columns).reshape(n, k, h, w) + bias[None, :, None, None]

    def backward(grad):
        flat = grad.reshape(n, k, h * w)
        grad_weight = np.einsum("nkp,ncp->kc", flat, columns).reshape(weight.shape)
        grad_patches = (weight.reshape(k, -1).T @ flat).reshape(n, c, 9, h, w)
        grad_padded = np.zeros_like(padded)
        for tap in range(9):
            i, j = divmod(tap, 3)
            grad_padded[:, :, i : i + h, j : j + w] += grad_patches[:, :, tap]
        return grad_padded[:, :, 1:-1, 1:-1], grad_weight, grad.sum(axis=(0, 2, 3))

    return out, backward


def dense(x, weight, bias):
    def backward(grad):
        return grad @ weight, grad.T @ x, grad.sum(axis=0)

    return x @ weight.T + bias, backward


def relu(x):
    return np.maximum(x, 0), lambda grad: grad * (x > 0)


def max_pool2(x):
    n, c, h, w = x.shape
    windows = x.reshape(n, c, h // 2, 2, w // 2, 2)
    out = windows.max(axis=(3, 5))

    def backward(grad):
        mask = windows == out[:, :, :, None, :, None]
        mask = mask / mask.sum(axis=(3, 5), keepdims=True)
        return (mask * grad[:, :, :, None, :, None]).reshape(x.shape).astype(np.float32)

    return out, backward


def forward(p, images):
    """The logits f32[n,10], and a function from their gradient to the gradients of the parameters."""
    x = images * np.float32(1 / 16)
    a1, d_conv1 = conv3x3(x, p["conv1.weight"], p["conv1.bias"])
    a2, d_relu1 = relu(a1)
    a3, d_pool1 = max_pool2(a2)
    a4, d_conv2 = conv3x3(a3, p["conv2.weight"], p["conv2.bias"])
    a5, d_relu2 = relu(a4)
    a6, d_pool2 = max_pool2(a5)
    a7, d_fc1 = dense(a6.reshape(len(images), -1), p["fc1.weight"], p["fc1.bias"])
    a8, d_relu3 = relu(a7)
    logits, d_fc2 = dense(a8, p["fc2.weight"], p["fc2.bias"])

    def backward(grad):
        g = {}
        grad, g["fc2.weight"], g["fc2.bias"] = d_fc2(grad)
        grad, g["fc1.weight"], g["fc1.bias"] = d_fc1(d_relu3(grad))
        grad, g["conv2.weight"], g["conv2.bias"] = d_conv2(d_relu2(d_pool2(grad.reshape(a6.shape))))
        _, g["conv1.weight"], g["conv1.bias"] = d_conv1(d_relu1(d_pool1(grad)))
        return g

    return logits, backward


def train(images, labels):
    """Adam on the cross entropy; the learning rate falls linearly to zero."""
    rng = np.random.default_rng(SEED + 1)
    p = initial_parameters(rng)
    m = {name: np.zeros_like(value) for name, value in p.items()}
    v = {name: np.zeros_like(value) for name, value in p.items()}
    steps = EPOCHS * (len(images) // BATCH)
    step = 0
    for epoch in range(EPOCHS):
        order = rng.permutation(len(images))
        total = 0.0
        for start in range(0, len(images) - BATCH + 1, BATCH):
            batch = order[start : start + BATCH]
            logits, backward = forward(p, images[batch])
            probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
            probabilities /= probabilities.sum(axis=1, keepdims=True)
            target = np.eye(10, dtype=np.float32)[labels[batch]]
            total -= np.log((probabilities * target).sum(axis=1)).mean()
            gradients = backward((probabilities - target) / BATCH)
            step += 1
            rate = LEARNING_RATE * (1 - step / (steps + 1))
            for name, g in gradients.items():
                m[name] = 0.9 * m[name] + 0.1 * g
                v[name] = 0.999 * v[name] + 0.001 * g * g
                update = (m[name] / (1 - 0.9**step)) / (np.sqrt(v[name] / (1 - 0.999**step)) + 1e-8)
                p[name] = (p[name] - rate * update).astype(np.float32)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {total / (len(images) // BATCH):.4f}")
    return p


def export(p):
    node = helper.make_node
    pads = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        node("Mul", ["image", "scale"], ["scaled"], name="scale/Mul"),
        node("Conv", ["scaled", "conv1.weight", "conv1.bias"], ["c1"], name="conv1/Conv", **pads),
        node("Relu", ["c1"], ["r1"], name="conv1/Relu"),
        node("MaxPool", ["r1"], ["p1"], name="conv1/MaxPool", **pool),
        node("Conv", ["p1", "conv2.weight", "conv2.bias"], ["c2"], name="conv2/Conv", **pads),
        node("Relu", ["c2"], ["r2"], name="conv2/Relu"),
        node("MaxPool", ["r2"], ["p2"], name="conv2/MaxPool", **pool),
        node("Flatten", ["p2"], ["f"], name="flatten/Flatten", axis=1),
        node("Gemm", ["f", "fc1.weight", "fc1.bias"], ["g1"], name="fc1/Gemm", transB=1),
        node("Relu", ["g1"], ["r3"], name="fc1/Relu"),
        node("Gemm", ["r3", "fc2.weight", "fc2.bias"], ["logits"], name="fc2/Gemm", transB=1),
        node("Softmax", ["logits"], ["probabilities"], name="softmax/Softmax", axis=1),
    ]
    initializers = [numpy_helper.from_array(value, name) for name, value in p.items()]
    initializers.append(numpy_helper.from_array(np.float32(1 / 16), "scale"))
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 10])],
        initializers,
    )
    model = helper.make_model(
        graph,
        producer_name="cermet-demo-network",
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def reference_outputs(model, images):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"image": images})[0]


def main():
    folder = pathlib.Path(__file__).resolve().parent
    (images, labels), (held_images, held_labels) = load()
    p = train(images, labels)
    model = export(p)
    probabilities = reference_outputs(model, held_images)
    right = int((probabilities.argmax(axis=1) == held_labels).sum())
    print(f"held-out accuracy: {right} of {len(held_labels)}, {100 * right / len(held_labels):.1f}%")

    onnx.save(model, folder / "model.onnx")
    case = held_images[:CASE_SIZE]
    np.savez(folder / "case.npz", in_image=case, out_probabilities=reference_outputs(model, case))
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in held_labels[:CASE_SIZE]))


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):
        main()
