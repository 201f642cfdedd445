"""The network as a list of layers in JSON and its weights in one binary file, for TensorFlow.js, whose
own file format only its converter writes."""
import json

import numpy as np
from net import folded_norm


def write(net, path):
    blob, layers = bytearray(), []

    def put(array, shape):
        data = np.ascontiguousarray(array, np.float32)
        blob.extend(data.tobytes())
        return {"at": len(blob) - data.nbytes, "shape": list(shape)}

    for layer in net.layers:
        entry = {"kind": layer.kind, "inputs": layer.inputs, "output": layer.output, "kernel": layer.kernel,
                 "stride": layer.stride, "pad": layer.pad, "act": layer.act}
        w = layer.weights
        if layer.kind == "conv":
            filters = w["filter"].transpose(1, 2, 3, 0)
            entry["filter"] = put(filters, filters.shape)
        elif layer.kind == "depthwise":
            entry["filter"] = put(w["filter"], (*w["filter"].shape, 1))
        elif layer.kind == "dense":
            entry["filter"] = put(w["filter"].T, w["filter"].T.shape)
        elif layer.kind == "norm":
            scale, shift = folded_norm(w)
            entry["filter"] = put(scale, (1, 1, len(scale), 1))
            entry["bias"] = put(shift, shift.shape)
        if "bias" in w:
            entry["bias"] = put(w["bias"], w["bias"].shape)
        layers.append(entry)
    with open(f"{path}.json", "w", encoding="utf-8") as file:
        json.dump({"input": net.values[0].shape, "layers": layers}, file)
    with open(f"{path}.bin", "wb") as file:
        file.write(blob)
