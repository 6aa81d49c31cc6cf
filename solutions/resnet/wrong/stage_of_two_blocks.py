"""The stage has two blocks, whatever depth is."""
# loses: task2_make_stage_blocks, task3_resnet_parameters, task3_resnet_function
# message: missing

# %% task2_make_stage
def make_stage(block, in_channels, out_channels, depth, stride=1):
    """A row of blocks, of which the first changes the shape (He et al. 2015, table 1).

    Args:
        block: class of the blocks, called as `block(in_channels, out_channels, stride)`.
        in_channels: channels of the stage's input.
        out_channels: channels of its output.
        depth: number of blocks, at least 1.
        stride: stride of the first block.

    Returns:
        nn.Sequential: (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))
    """
    blocks = [block(in_channels, out_channels, stride)]
    blocks += [block(out_channels, out_channels, 1) for _ in range(1)]
    return nn.Sequential(*blocks)
