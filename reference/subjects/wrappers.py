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


def _torch_product(function: Any, x: Any, g: Any) -> Any:
    """The product of `g` with the derivative of a function of PyTorch, by autograd."""
    import torch

    point = x.detach().clone().requires_grad_()
    return torch.autograd.grad(function(point), point, g)[0]


def _jax_product(function: Any, x: Any, g: Any) -> Any:
    """The product of `g` with the derivative of a function of JAX."""
    import jax

    return jax.vjp(function, x)[1](g)[0]


def torch_sigmoid_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of PyTorch's sigmoid."""
    import torch

    return _torch_product(torch.sigmoid, x, g)


def jax_sigmoid_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of JAX's sigmoid."""
    import jax

    return _jax_product(jax.nn.sigmoid, x, g)


def torch_tanh_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of PyTorch's tanh."""
    import torch

    return _torch_product(torch.tanh, x, g)


def jax_tanh_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of JAX's tanh."""
    import jax

    return _jax_product(jax.numpy.tanh, x, g)


def torch_softplus_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of PyTorch's softplus."""
    import torch

    return _torch_product(torch.nn.functional.softplus, x, g)


def jax_softplus_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of JAX's softplus."""
    import jax

    return _jax_product(jax.nn.softplus, x, g)


def torch_log_sigmoid_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of PyTorch's log_sigmoid."""
    import torch

    return _torch_product(torch.nn.functional.logsigmoid, x, g)


def jax_log_sigmoid_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of JAX's log_sigmoid."""
    import jax

    return _jax_product(jax.nn.log_sigmoid, x, g)


def torch_silu_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of PyTorch's silu."""
    import torch

    return _torch_product(torch.nn.functional.silu, x, g)


def jax_silu_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of JAX's silu."""
    import jax

    return _jax_product(jax.nn.silu, x, g)


def torch_gelu_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of PyTorch's gelu."""
    import torch

    return _torch_product(torch.nn.functional.gelu, x, g)


def jax_gelu_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of JAX's gelu."""
    return _jax_product(jax_gelu, x, g)


def torch_gelu_tanh_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of PyTorch's gelu_tanh."""
    return _torch_product(torch_gelu_tanh, x, g)


def jax_gelu_tanh_vjp(x: Any, g: Any) -> Any:
    """`g` times the derivative of JAX's gelu_tanh."""
    import jax

    return _jax_product(jax.nn.gelu, x, g)


def torch_bce_with_logits(x: Any, y: Any) -> Any:
    """`torch.nn.functional.binary_cross_entropy_with_logits`, entry by entry."""
    import torch

    return torch.nn.functional.binary_cross_entropy_with_logits(x, y, reduction="none")


def torch_bce_with_logits_gradient(x: Any, y: Any) -> Any:
    """Its derivative, by autograd."""
    import torch

    return _torch_product(lambda point: torch_bce_with_logits(point, y), x, torch.ones_like(x))


def tensorflow_bce_with_logits(x: Any, y: Any) -> Any:
    """`tf.nn.sigmoid_cross_entropy_with_logits`, of NumPy's arrays."""
    import tensorflow

    logits, labels = tensorflow.constant(x), tensorflow.constant(y)
    return tensorflow.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits).numpy()
