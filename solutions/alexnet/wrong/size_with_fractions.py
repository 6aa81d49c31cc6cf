"""The quotient is not rounded."""
# loses: task1_conv_output_size_values, task1_alexnet_sizes_values
# message: does `/` stand where `//` belongs

# %% task1_conv_output_size
def conv_output_size(size, kernel, stride=1, padding=0):
    """Side of the map after a convolution or a pooling.

    Args:
        size: side of the input, n.
        kernel: side of the kernel or of the window, k.
        stride: the step, s.
        padding: zeros added at every edge, p.

    Returns:
        int: the side of the output
    """
    return (size + 2 * padding - kernel) / stride + 1
