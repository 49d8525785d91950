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


def torch_fused_sgd(x: Any, gradient: Any, step_size: float) -> Any:
    """A step of `torch.optim.SGD` with its fused kernel, from fresh state."""
    import torch

    point = torch.nn.Parameter(x.clone())
    point.grad = gradient.clone()
    torch.optim.SGD([point], lr=step_size, fused=True).step()
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


def liger_softmax(x: Any) -> Any:
    """`liger_kernel.ops.softmax`, a kernel of Triton."""
    from liger_kernel.ops.softmax import LigerSoftmaxFunction

    return LigerSoftmaxFunction.apply(x)


def liger_softmax_vjp(x: Any, g: Any) -> Any:
    """The gradient of `liger_kernel.ops.softmax`, which has a kernel of its own."""
    import torch
    from liger_kernel.ops.softmax import LigerSoftmaxFunction

    point = x.clone().requires_grad_()
    return torch.autograd.grad(LigerSoftmaxFunction.apply(point), point, g)[0]


def liger_cross_entropy(logits: Any, L: int) -> Any:
    """`liger_kernel.ops.cross_entropy`, a kernel of Triton, which takes a matrix and a tensor of labels."""
    import torch
    from liger_kernel.ops.cross_entropy import LigerCrossEntropyFunction

    label = torch.tensor([L], device=logits.device)
    return LigerCrossEntropyFunction.apply(logits[None], label, None)[0]


def liger_cross_entropy_gradient(logits: Any, L: int) -> Any:
    """The gradient of `liger_kernel.ops.cross_entropy`, which the kernel of the loss computes beside it."""
    import torch
    from liger_kernel.ops.cross_entropy import LigerCrossEntropyFunction

    point, label = logits[None].clone().requires_grad_(), torch.tensor([L], device=logits.device)
    return torch.autograd.grad(LigerCrossEntropyFunction.apply(point, label, None)[0], point)[0][0]
