"""Library functions whose signature is not the role's, wrapped so that it is."""

from __future__ import annotations

from typing import Any


def torch_cross_entropy(logits: Any, L: int) -> Any:
    """`torch.nn.functional.cross_entropy`, which takes its label as a tensor."""
    import torch

    return torch.nn.functional.cross_entropy(logits, torch.tensor(L))


def torch_sgd(x: Any, gradient: Any, step_size: float) -> Any:
    """A step of `torch.optim.SGD` from fresh state: the point is a parameter that has the gradient."""
    import torch

    point = torch.nn.Parameter(x.clone())
    point.grad = gradient.clone()
    torch.optim.SGD([point], lr=step_size).step()
    return point.detach()


def optax_sgd(x: Any, gradient: Any, step_size: float) -> Any:
    """A step of `optax.sgd` from fresh state, applied by `optax.apply_updates`."""
    import optax

    optimiser = optax.sgd(step_size)
    updates, _ = optimiser.update(gradient, optimiser.init(x))
    return optax.apply_updates(x, updates)


def tensorflow_softmax(x: Any, axis: int = -1) -> Any:
    """`tf.nn.softmax`, of NumPy's arrays."""
    import tensorflow

    return tensorflow.nn.softmax(tensorflow.constant(x), axis=axis).numpy()


def tensorflow_log_softmax(x: Any, axis: int = -1) -> Any:
    """`tf.nn.log_softmax`, of NumPy's arrays."""
    import tensorflow

    return tensorflow.nn.log_softmax(tensorflow.constant(x), axis=axis).numpy()


def tensorflow_logsumexp(x: Any, axis: int = -1) -> Any:
    """`tf.math.reduce_logsumexp`, of NumPy's arrays."""
    import tensorflow

    return tensorflow.math.reduce_logsumexp(tensorflow.constant(x), axis=axis).numpy()


def tensorflow_sigmoid(x: Any) -> Any:
    """`tf.math.sigmoid`, of NumPy's arrays."""
    import tensorflow

    return tensorflow.math.sigmoid(tensorflow.constant(x)).numpy()


def tensorflow_tanh(x: Any) -> Any:
    """`tf.math.tanh`, of NumPy's arrays."""
    import tensorflow

    return tensorflow.math.tanh(tensorflow.constant(x)).numpy()


def tensorflow_softplus(x: Any) -> Any:
    """`tf.math.softplus`, of NumPy's arrays."""
    import tensorflow

    return tensorflow.math.softplus(tensorflow.constant(x)).numpy()


def tensorflow_log_sigmoid(x: Any) -> Any:
    """`tf.math.log_sigmoid`, of NumPy's arrays."""
    import tensorflow

    return tensorflow.math.log_sigmoid(tensorflow.constant(x)).numpy()


def tensorflow_silu(x: Any) -> Any:
    """`tf.nn.silu`, of NumPy's arrays."""
    import tensorflow

    return tensorflow.nn.silu(tensorflow.constant(x)).numpy()


def tensorflow_gelu(x: Any) -> Any:
    """`tf.nn.gelu`, by erf, of NumPy's arrays."""
    import tensorflow

    return tensorflow.nn.gelu(tensorflow.constant(x)).numpy()


def tensorflow_gelu_tanh(x: Any) -> Any:
    """`tf.nn.gelu`, by tanh, of NumPy's arrays."""
    import tensorflow

    return tensorflow.nn.gelu(tensorflow.constant(x), approximate=True).numpy()


def torch_gelu_tanh(x: Any) -> Any:
    """`torch.nn.functional.gelu`, by tanh."""
    import torch

    return torch.nn.functional.gelu(x, approximate="tanh")


def jax_gelu(x: Any) -> Any:
    """`jax.nn.gelu`, by erf."""
    import jax

    return jax.nn.gelu(x, approximate=False)
