"""Losses and layers, as one writes them in NumPy."""

# ruff: noqa: N803 - as it is written elsewhere
import numpy as np

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0.0, 1.0, 1.0, 0.0])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network_loss(W1, b1, w2):
    hidden = np.tanh(X @ W1 + b1)
    predicted = sigmoid(hidden @ w2)
    return -np.mean(Y * np.log(predicted) + (1 - Y) * np.log(1 - predicted))


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / e.sum()


def cross_entropy(logits, target=1):
    return -np.log(softmax(logits)[target])


def softplus(x):
    return np.where(x > 30, x, np.log1p(np.exp(x)))


def logistic_regression(w):
    margins = (2 * Y - 1) * (X @ w[:2] + w[2])
    return np.logaddexp(0, -margins).sum() + 0.1 * w @ w


def layer_norm(x, eps=1e-5):
    return (x - x.mean()) / np.sqrt(x.var() + eps)


def attention(q, K, V):
    scores = K @ q / np.sqrt(q.shape[0])
    return softmax(scores) @ V


def gradient_descent(w, rate):
    for _ in range(5):
        gradient = X.T @ (X @ w - Y) / len(Y)
        w = w - rate * gradient
    return np.mean((X @ w - Y) ** 2)


def hinge(w):
    return np.maximum(0, 1 - (2 * Y - 1) * (X @ w)).mean() + np.abs(w).sum()


def leaky(x):
    return np.sum(np.select([x < -1, x < 0], [-1 + 0.01 * (x + 1), x], 2 * x))


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def elu(x):
    return x if x > 0 else np.expm1(x)


def recurrent(w, inputs=(0.5, -0.25, 1.0)):
    h = 0.0
    for x in inputs:
        h = np.tanh(w[0] * h + w[1] * x)
    return h


def cosine_similarity(a, b):
    return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
