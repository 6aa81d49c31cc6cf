"""All blocks are built for the input's channels."""
# loses: task2_make_stage_blocks, task3_resnet_parameters, task3_resnet_function
# message: channels

# %% task2_make_stage
def make_stage(block, in_channels, out_channels, depth, stride=1):
    blocks = [block(in_channels, out_channels, stride)]
    blocks += [block(in_channels, out_channels, 1) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)
