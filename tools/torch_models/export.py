#!/usr/bin/env python3
"""Exports architectures of torchvision and transformers to ONNX, with random weights, inputs and ONNX Runtime's outputs.

Each model becomes a folder OUT/<name> with model.onnx and case0.npz, as `cermet run --case` and tools/bench_ort take them: a
broad check on models that nobody looked at while Cermet was written. Needs the packages torch, torchvision, transformers,
onnxscript and onnxruntime.
"""

import argparse
import pathlib
import sys
import warnings

import numpy as np
import onnxruntime
import torch
import torchvision
import transformers

# Architecture and the height and width of its image.
VISION = {
    "alexnet": 224, "convnext_tiny": 96, "densenet121": 128, "efficientnet_b0": 160, "googlenet": 128, "inception_v3": 299,
    "maxvit_t": 224, "mnasnet0_5": 160, "mobilenet_v3_small": 224, "regnet_y_400mf": 160, "resnext50_32x4d": 96,
    "shufflenet_v2_x0_5": 160, "squeezenet1_1": 224, "swin_t": 224, "vgg11": 64, "vit_b_16": 224,
}  # fmt: skip

TINY = {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
# Name to (model class, configuration class, sizes).
TEXT = {
    "albert": ("AlbertModel", "AlbertConfig", {**TINY, "embedding_size": 32}),
    "distilbert": ("DistilBertModel", "DistilBertConfig", {"vocab_size": 100, "dim": 64, "n_layers": 2, "n_heads": 4, "hidden_dim": 128}),
    "electra": ("ElectraModel", "ElectraConfig", {**TINY, "embedding_size": 32}),
    "gptneox": ("GPTNeoXModel", "GPTNeoXConfig", TINY),
    "llama": ("LlamaModel", "LlamaConfig", {**TINY, "num_key_value_heads": 2}),
    "qwen2": ("Qwen2Model", "Qwen2Config", {**TINY, "num_key_value_heads": 2}),
    "roberta": ("RobertaModel", "RobertaConfig", TINY),
    "t5_encoder": ("T5EncoderModel", "T5Config", {"vocab_size": 100, "d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 2, "num_heads": 4}),
}  # fmt: skip


class TextModel(torch.nn.Module):
    """Ids and mask in, the last hidden state out."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, mask):
        return self.model(input_ids=ids, attention_mask=mask, return_dict=True)[0]


class Recurrent(torch.nn.Module):
    def __init__(self, kind, bidirectional):
        super().__init__()
        self.layers = kind(20, 32, 2, bidirectional=bidirectional, batch_first=True)
        self.head = torch.nn.Linear(64 if bidirectional else 32, 5)

    def forward(self, x):
        return self.head(self.layers(x)[0]).log_softmax(-1)


class UNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.LeakyReLU(0.1))
        self.down = nn.Sequential(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.GroupNorm(4, 32), nn.SiLU())
        self.up = nn.Sequential(nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1), nn.InstanceNorm2d(16), nn.PReLU(16))
        self.head = nn.Conv2d(32, 4, 1)

    def forward(self, x):
        x = self.stem(x)
        return torch.sigmoid(self.head(torch.cat([x, self.up(self.down(x))], 1)))


class Video(torch.nn.Module):
    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.layers = nn.Sequential(
            nn.Conv3d(2, 8, 3, padding=1, stride=(1, 2, 2)), nn.BatchNorm3d(8), nn.ReLU(), nn.MaxPool3d(2), nn.ConvTranspose3d(8, 2, 2, 2)
        )

    def forward(self, x):
        return self.layers(x)


def text_model(name):
    model, config, sizes = TEXT[name]
    ids = torch.randint(0, 90, (2, 17))
    module = TextModel(getattr(transformers, model)(getattr(transformers, config)(**sizes)))
    axes = {"ids": {0: "batch", 1: "length"}, "mask": {0: "batch", 1: "length"}}
    return module, {"ids": ids, "mask": torch.ones_like(ids)}, axes


def build(name):
    """The module, its inputs by name, and their symbolic dims."""
    if name in VISION:
        return getattr(torchvision.models, name)(weights=None), {"x": torch.randn(1, 3, VISION[name], VISION[name])}, None
    if name in TEXT:
        return text_model(name)
    sequence = {"x": {0: "batch", 1: "length"}}
    return {
        "lraspp": lambda: (
            torchvision.models.segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None),
            {"x": torch.randn(1, 3, 128, 128)},
            None,
        ),
        "gru": lambda: (Recurrent(torch.nn.GRU, False), {"x": torch.randn(3, 11, 20)}, sequence),
        "lstm_bidirectional": lambda: (Recurrent(torch.nn.LSTM, True), {"x": torch.randn(3, 11, 20)}, sequence),
        "unet": lambda: (UNet(), {"x": torch.randn(1, 3, 48, 40)}, {"x": {0: "batch", 2: "height", 3: "width"}}),
        "video": lambda: (Video(), {"x": torch.randn(1, 2, 8, 16, 16)}, None),
    }[name]()


NAMES = sorted([*VISION, *TEXT, "gru", "lraspp", "lstm_bidirectional", "unet", "video"])


def export(name, folder, dynamo):
    torch.manual_seed(0)
    module, inputs, axes = build(name)
    module.eval()
    folder.mkdir(parents=True, exist_ok=True)
    path = str(folder / "model.onnx")
    options = {"dynamo": True, "external_data": False, "verbose": False} if dynamo else {"dynamo": False, "opset_version": 17, "dynamic_axes": axes}
    torch.onnx.export(module, tuple(inputs.values()), path, input_names=list(inputs), **options)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = {i.name: tensor.numpy() for i, tensor in zip(session.get_inputs(), inputs.values())}
    outputs = {o.name: value for o, value in zip(session.get_outputs(), session.run(None, feeds))}
    arrays = {f"in_{k}": v for k, v in feeds.items()} | {f"out_{k}": v for k, v in outputs.items()}
    np.savez(folder / "case0.npz", **arrays)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("names", nargs="*", default=NAMES, help=f"which of: {', '.join(NAMES)}")
    parser.add_argument("--dynamo", action="store_true", help="the exporter that is built on torch.export")
    args = parser.parse_args()
    for name in args.names:
        if name not in NAMES:
            parser.error(f"no model is called {name}")
    warnings.filterwarnings("ignore")
    failed = 0
    for name in args.names:
        try:
            export(name, args.out / name, args.dynamo)
            print(name, flush=True)
        except Exception as error:  # what an exporter cannot export says so in many types
            failed += 1
            print(f"{name}: not exported: {str(error).splitlines()[0]}", file=sys.stderr)
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
