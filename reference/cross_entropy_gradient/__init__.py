"""The gradient of the cross-entropy, one method a module: softmax(x) - onehot(L)."""
