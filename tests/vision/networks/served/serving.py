"""A server of the Open Inference Protocol on 127.0.0.1 that runs an IR by OpenVINO, and is as bad as a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from tests.vision.graphs import described

KINDS = {"f32": "FP32", "f16": "FP16", "u8": "UINT8", "i64": "INT64", "i32": "INT32"}
DTYPES = {"FP32": np.float32, "FP16": np.float16, "UINT8": np.uint8, "INT64": np.int64, "INT32": np.int32}
LENGTH = "Inference-Header-Content-Length"


@dataclass
class Serving:
    """What is served, and how.

    faults: the behaviours of the next answers to pictures, in order; then all is well. asked: the path of each request,
    inputs: the tensors that arrived.
    """

    model: str
    graph: Any
    extensions: tuple[str, ...] = ("binary_tensor_data",)
    faults: list[str | Callable[[list[dict[str, Any]]], None]] = field(default_factory=list)
    ready: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    asked: list[str] = field(default_factory=list)
    inputs: list[np.ndarray] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def described(self) -> dict[str, Any]:
        def rows(ports: Any) -> list[dict[str, Any]]:
            return [
                {
                    "name": sorted(port.get_names())[0],
                    "datatype": KINDS[port.get_element_type().get_type_name()],
                    "shape": [-1 if side.is_dynamic else side.get_length() for side in port.get_partial_shape()],
                }
                for port in ports
            ]

        said = {"name": self.model, "versions": ["1"], "platform": "openvino"}
        return said | {"inputs": rows(self.graph.inputs), "outputs": rows(self.graph.outputs)} | self.metadata

    def run(self, values: np.ndarray) -> dict[str, np.ndarray]:
        with self.lock:
            self.inputs.append(values)
        answer = self.graph.create_infer_request().infer([values])
        return {sorted(port.get_names())[0]: np.array(answer[port]) for port in self.graph.outputs}


class _Handler(BaseHTTPRequestHandler):
    served: Serving
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        served = self.served
        served.asked.append(self.path)
        own = f"/v2/models/{served.model}"
        if self.path in ("/v2/health/ready", f"{own}/ready"):
            self.answer(200 if served.ready else 503, b"{}")
        elif self.path == "/v2":
            said = {"name": "test", "version": "1", "extensions": served.extensions}
            self.answer(200, json.dumps(said).encode())
        elif self.path == own:
            self.answer(200, json.dumps(served.described()).encode())
        else:
            self.answer(404, json.dumps({"error": f"nothing at {self.path}"}).encode())

    def do_POST(self) -> None:
        served = self.served
        served.asked.append(self.path)
        content = self.rfile.read(int(self.headers["Content-Length"]))
        with served.lock:
            fault = served.faults.pop(0) if served.faults else ""
        if isinstance(fault, str) and fault and not fault.startswith("{"):
            return self.misbehave(fault)
        length = int(self.headers.get(LENGTH, len(content)))
        asked = json.loads(content[:length])
        (one,) = asked["inputs"]
        kind = DTYPES[one["datatype"]]
        values = np.array(one["data"], kind) if "data" in one else np.frombuffer(content[length:], kind)
        found = served.run(values.reshape(one["shape"]))
        rows, packed = [], b""
        for output in asked["outputs"]:
            value = found[output["name"]]
            datatype = next(name for name, dtype in DTYPES.items() if dtype == value.dtype)
            row = {"name": output["name"], "datatype": datatype, "shape": list(value.shape)}
            if output["parameters"]["binary_data"]:
                row["parameters"] = {"binary_data_size": value.nbytes}
                packed += value.tobytes()
            else:
                row["data"] = value.tolist()
            rows.append(row)
        if callable(fault):
            fault(rows)
        header = json.dumps({"model_name": served.model, "outputs": rows}).encode()
        return self.answer(200, header + packed, length=str(len(header)) if packed else "")

    def misbehave(self, fault: str) -> None:
        if fault == "drop":
            self.close_connection = True
        elif fault == "late":
            self.served.released.wait(10)
            self.close_connection = True
        elif fault == "drip":
            self.head(200, 1000)
            while not self.served.released.wait(0.05):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    break
            self.close_connection = True
        elif fault == "huge":
            self.head(200, 10**12)
            self.close_connection = True
        elif fault == "endless":
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            try:
                while True:
                    self.wfile.write(b" " * 65536)
            except OSError:
                pass
        elif fault == "redirect":
            self.send_response(307)
            self.send_header("Location", f"{self.served.address}/v2/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif fault == "packed":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif fault.isdigit():
            self.answer(int(fault), b'{"error": "the model\\nhas no memory left"}')
        else:
            self.answer(200, fault.encode())

    def head(self, status: int, size: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.flush()

    def answer(self, status: int, content: bytes, *, length: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if length:
            self.send_header(LENGTH, length)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


@contextmanager
def serving(xml: Path, *, model: str = "people", settings: dict[str, Any] | None = None) -> Iterator[Serving]:
    """Serve a graph for the length of a test."""
    graph = ov.Core().compile_model(xml, "CPU", {"INFERENCE_PRECISION_HINT": "f32"} | (settings or {}))
    served = Serving(model, graph)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": served}))
    server.daemon_threads = True
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.released.set()
        server.shutdown()
        server.server_close()


def seeing_network(folder: Path, *, input_size: tuple[int, int] = (64, 48)) -> Path:
    """An IR of the contract whose answer hangs on every pixel of each channel, by sums that are exact in f32."""
    width, height = input_size
    image = ops.parameter([1, 3, height, width], np.float32, name="image")
    image.output(0).tensor.set_names({"image"})
    weights = ops.constant(np.array([1, 4, 16], np.float32).reshape(1, 3, 1, 1))
    grey = ops.reduce_sum(ops.multiply(image, weights), np.array([1]), True)
    score = ops.divide(ops.reduce_sum(grey, np.array([0, 1, 2, 3]), False), np.float32(21 * 256 * width * height))
    corners = ops.constant(np.array([4, 4, 40, 30], np.float32))
    boxes = ops.unsqueeze(ops.concat([corners, ops.unsqueeze(score, np.int64(0))], 0), np.int64(0))
    pooled = ops.max_pool(grey, [8, 8], [1, 1], [0, 0], [0, 0], [8, 8]).output(0)
    masks = ops.divide(ops.squeeze(ops.slice(pooled, [0], [6], [1], [3]), ops.constant([0])), np.float32(21 * 256))
    nodes = {"boxes": boxes, "labels": ops.constant(np.array([0])), "masks": masks}
    results = []
    for name, node in nodes.items():
        node.output(0).tensor.set_names({name})
        results.append(ops.result(node))
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(ov.Model(results, [image]), folder / "model.xml", compress_to_fp16=False)
    return described(folder)
