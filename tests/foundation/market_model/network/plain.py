"""Plain NumPy forms of the model's blocks, written from the papers: one row, one variable, one
edge at a time. They know the shapes of the parameters and nothing of how the model computes."""

from __future__ import annotations

import numpy as np
from torch import nn

Arrays = dict[str, np.ndarray]


def parameters(module: nn.Module) -> Arrays:
    return {n: p.detach().numpy().astype(float) for n, p in module.named_parameters()}


def part(p: Arrays, prefix: str) -> Arrays:
    return {n[len(prefix) + 1 :]: v for n, v in p.items() if n.startswith(prefix + ".")}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    return e / e.sum()


def layer_norm(x: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * scale + shift


def linear(p: Arrays, x: np.ndarray) -> np.ndarray:
    return p["weight"] @ x + p.get("bias", 0.0)


def gate_add_norm(p: Arrays, x: np.ndarray, skip: np.ndarray) -> np.ndarray:
    both = linear(part(p, "gates"), x)
    half = len(both) // 2
    return layer_norm(skip + both[:half] * sigmoid(both[half:]), p["norm.weight"], p["norm.bias"])


def gated_residual(p: Arrays, a: np.ndarray, c: np.ndarray | None = None) -> np.ndarray:
    inner = linear(part(p, "enter"), a)
    if c is not None:
        inner = inner + linear(part(p, "context"), c)
    skip = linear(part(p, "skip"), a) if "skip.weight" in p else a
    return gate_add_norm(part(p, "gate"), linear(part(p, "inner"), elu(inner)), skip)


def variable_selection(
    p: Arrays, vectors: np.ndarray, c: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """One row: vectors (variables, hidden)."""
    weights = softmax(gated_residual(part(p, "select"), vectors.ravel(), c))
    total = np.zeros(vectors.shape[1])
    for j, xi in enumerate(vectors):
        inner = elu(xi @ p["enter"][j] + p["enter_bias"][j, 0])
        inner = inner @ p["inner"][j] + p["inner_bias"][j, 0]
        both = inner @ p["gates"][j] + p["gates_bias"][j, 0]
        half = len(both) // 2
        gated = both[:half] * sigmoid(both[half:])
        total += weights[j] * layer_norm(xi + gated, p["scale"][j, 0], p["shift"][j, 0])
    return total, weights


def attention(
    p: Arrays, query: np.ndarray, memory: np.ndarray, seen: np.ndarray, heads: int
) -> tuple[np.ndarray, np.ndarray]:
    """One batch entry: query (Q, hidden), memory (K, hidden), seen (Q, K)."""
    width = query.shape[1] // heads
    v = np.array([linear(part(p, "value"), m) for m in memory])
    q = np.array([linear(part(p, "query"), x) for x in query])
    k = np.array([linear(part(p, "key"), m) for m in memory])
    mean = np.zeros(seen.shape)
    for h in range(heads):
        cut = slice(h * width, (h + 1) * width)
        for i in range(len(q)):
            score = np.where(seen[i], k[:, cut] @ q[i, cut] / np.sqrt(width), -np.inf)
            mean[i] += softmax(score) / heads
    return np.array([p["out.weight"] @ (row @ v) for row in mean]), mean


def lstm(p: Arrays, x: np.ndarray, h: np.ndarray, c: np.ndarray) -> np.ndarray:
    """One layer, one sequence: x (T, in); gates in torch's order i, f, g, o."""
    out = []
    for row in x:
        z = p["weight_ih_l0"] @ row + p["bias_ih_l0"] + p["weight_hh_l0"] @ h + p["bias_hh_l0"]
        i, f, g, o = np.split(z, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.array(out)


def graph_attention(p: Arrays, nodes: np.ndarray, weights: np.ndarray, heads: int) -> np.ndarray:
    """One session: nodes (N, in), weights (N, N), edge from row to column where not zero."""
    lin = p["conv.lin.weight"]
    width = lin.shape[0] // heads
    out = np.zeros((len(nodes), lin.shape[0]))
    for h in range(heads):
        cut = slice(h * width, (h + 1) * width)
        z = nodes @ lin[cut].T
        edge = p["conv.lin_edge.weight"][cut, 0] @ p["conv.att_edge"][0, h]
        for target in range(len(nodes)):
            sources = np.flatnonzero(weights[:, target])
            score = np.array(
                [
                    z[s] @ p["conv.att_src"][0, h]
                    + z[target] @ p["conv.att_dst"][0, h]
                    + weights[s, target] * edge
                    for s in sources
                ]
            )
            share = softmax(np.where(score > 0, score, 0.2 * score))
            out[target, cut] = share @ z[sources]
    return out + p["conv.bias"]
